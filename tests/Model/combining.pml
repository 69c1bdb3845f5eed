/*
 * Transactions that are left for others to carry, as docs/PROTOCOL.md, "Combining", tells it and src/Engine/Combining has it. tests/Model/check
 * verifies it, and sees that each mutant (a -D switch below, MUTANT_...) breaks a promise. That a swap is found out about is proven by
 * commit.pml: here one lands, or nobody is told, and then it has landed, lands later or never does. To plan a swap and to send it is one step: one that
 * loses changes nothing, and one that is late lands on the very head that it was planned on, or not at all.
 *
 * in the model               in the code
 * head                       a head with the pages below it: which transactions took effect, and the tables orleans_sqlite_inbox (outcome, mark)
 * there, latePut             an object of the inbox; a PUT that is still on its way
 * Owner                      LeftWrites, LeftAnswers: leaves an entry, looks, carries, withdraws
 * Combiner                   Combiner: lists, reads, runs, deletes
 * decide, record             InboxTransaction, InboxLog
 * home                       a transaction that came back runs at home (ILeavable.GoBack)
 * Restorer                   Restore: what was told is taken back with everything else, and a collection epoch begins
 *
 * Entries are numbered by the times in their ids. Outcomes of older ones may be pruned whenever a newer one is recorded; that takes ten minutes,
 * which a process may well stand still for. A process may stop for ever anywhere, which is why a death needs no step of its own.
 */
#ifndef COMBINERS
#define COMBINERS 1
#endif
#ifndef TRIES                   /* swaps that each process sends at most */
#define TRIES 2
#endif
#define OWNERS 2                /* with ONE only the first of them leaves anything */
#define SENDERS (OWNERS + COMBINERS)
#define BIT(e) (1 << (e))

mtype = { None, Done, Returned, Withdrawn };                            /* outcomes */
mtype = { Waiting, ToldDone, ToldRefused, ToldNothing };                /* what an owner's caller was told */
mtype = { Landed, Silence };                                            /* what came back of a swap */

typedef Version {
  byte epoch;
  byte rows;                    /* the transactions that took effect, as a mask */
  mtype outcome[OWNERS];
  byte mark;                    /* no entry below it runs any more */
  bool twice                    /* one ran that had taken effect */
}

Version head, plan, late[SENDERS];
byte seen[SENDERS];
bool isLate[SENDERS];
bool there[OWNERS], latePut[OWNERS], givenUp[OWNERS];
byte leftIn[OWNERS];            /* the epoch in which it was left */
mtype told[OWNERS];
byte undone;                    /* what a restore has taken back, as a mask */

/* --- the store ------------------------------------------------------------------------------------------------------------ */

inline copy(to, from)
{
  to.epoch = from.epoch; to.rows = from.rows; to.mark = from.mark; to.twice = from.twice;
  to.outcome[0] = from.outcome[0]; to.outcome[1] = from.outcome[1]
}

inline clear(v)
{
  v.epoch = 0; v.rows = 0; v.mark = 0; v.twice = false;
  v.outcome[0] = None; v.outcome[1] = None
}

/* What is late can't land on another head than its own. */
inline sweep()
{
  isLate[0] = false; clear(late[0]);
  isLate[1] = false; clear(late[1]);
  isLate[2] = false; clear(late[2])
#if SENDERS > 3
  ; isLate[3] = false; clear(late[3])
#endif
}

inline apply(next)
{
  assert(!next.twice);                                                  /* nothing happens twice */
  assert(told[0] != ToldRefused || !(next.rows & BIT(0)));              /* what was refused never happens */
  assert(told[1] != ToldRefused || !(next.rows & BIT(1)));              /* what was refused never happens */
  assert(told[0] != ToldDone || (undone & BIT(0)) || (next.rows & BIT(0)));   /* nothing that was acknowledged is lost */
  assert(told[1] != ToldDone || (undone & BIT(1)) || (next.rows & BIT(1)));   /* nothing that was acknowledged is lost */
  copy(head, next);
  sweep()
}

/* Sends the plan once. */
inline swap(w)
{
  if
  :: apply(plan); answer = Landed
  :: apply(plan); answer = Silence
  :: answer = Silence           /* it never arrives */
  :: !isLate[w] -> answer = Silence; isLate[w] = true; copy(late[w], plan)
  fi;
  clear(plan)
}

active proctype Store()
{
end:
  do
  :: atomic { isLate[0] -> apply(late[0]) }
  :: atomic { isLate[1] -> apply(late[1]) }
  :: atomic { isLate[2] -> apply(late[2]) }
#if SENDERS > 3
  :: atomic { isLate[3] -> apply(late[3]) }
#endif
  :: atomic { latePut[0] -> latePut[0] = false; there[0] = true }
  :: atomic { latePut[1] -> latePut[1] = false; there[1] = true }
  od
}

/* --- running what was left, within the plan ------------------------------------------------------------------------------- */

/* Writes down what becomes of an entry; older outcomes may be forgotten with that. */
inline record(n, what)
{
  plan.outcome[n] = what;
  if
  :: skip
  :: n == 1 && plan.outcome[0] != None ->
     plan.outcome[0] = None;
#ifndef MUTANT_FORGOTTEN_WITHOUT_A_MARK
     plan.mark = 1
#endif
  fi
}

#ifdef MUTANT_NO_LOOK           /* whether it has an outcome is not looked up */
#define undecided(s, e) (true)
#elif defined(MUTANT_RETURNED_RUNS_AGAIN)
#define undecided(s, e) ((s.outcome[e] == None || s.outcome[e] == Returned) && e >= s.mark)
#else
#define undecided(s, e) (s.outcome[e] == None && e >= s.mark)
#endif

#if defined(MUTANT_ANOTHER_EPOCH) || defined(MUTANT_EPOCH_IS_CHECKED_WHEN_READ)
#define mayRun(e) (true)
#else
#define mayRun(e) (leftIn[e] == plan.epoch)
#endif

/* An entry runs: it takes effect, or goes back to its owner. */
inline execute(i)
{
  plan.twice = plan.twice || (plan.rows & BIT(i));
  plan.rows = plan.rows | BIT(i);
  record(i, Done)
}

inline carry(c, x)
{
  if
  :: (seen[c] & BIT(x)) && undecided(plan, x) && mayRun(x) ->
     if
     :: execute(x)
     :: record(x, Returned)
     fi
  :: skip
  fi
}

/* --- who leaves a transaction --------------------------------------------------------------------------------------------- */

inline tell(o, what)
{
  assert(what != ToldRefused || !(head.rows & BIT(o)));                 /* what is refused has not happened */
  assert(what != ToldDone || (undone & BIT(o)) || (head.rows & BIT(o)));      /* what is acknowledged has happened */
  told[o] = what
}

proctype Owner(byte e)
{
  byte tries;
  bool home;
  mtype answer;

  atomic {
    leftIn[e] = head.epoch;
    if
    :: there[e] = true
    :: latePut[e] = true        /* no answer: it comes later */
    :: skip                     /* no answer: it never comes; or it was refused */
#ifdef MUTANT_REFUSED_IS_NOT_THERE      /* a copy of the request was refused, so that it runs at home; an earlier copy was not */
    :: there[e] = true; home = true
#endif
    fi
  };
  do
  :: atomic { told[e] != Waiting -> break }
  /* Looks what the newest version says. */
  :: atomic {
       told[e] == Waiting && !home ->
       if
       :: head.outcome[e] == Done -> tell(e, ToldDone)
       :: head.outcome[e] == Withdrawn -> tell(e, ToldRefused)
       :: head.outcome[e] == Returned -> home = true
       :: head.outcome[e] == None && e < head.mark -> tell(e, ToldNothing)
#ifdef MUTANT_GONE_IS_DONE              /* its object is gone, so somebody has carried it */
       :: head.outcome[e] == None && e >= head.mark && !there[e] -> tell(e, ToldDone)
#endif
       :: else -> skip
       fi
     }
  /* Carries it itself: in whatever epoch, for it knows that nothing was told. */
  :: atomic {
       told[e] == Waiting && !home && !givenUp[e] && tries < TRIES -> tries++;
       copy(plan, head);
       if
       :: undecided(plan, e) -> execute(e)
       :: else -> skip
       fi;
#ifdef MUTANT_TOLD_BEFORE_THE_SWAP
       told[e] = ToldDone;
#endif
       swap(e);
       answer = 0
     }
  /* Gives it up. */
  :: atomic {
       told[e] == Waiting && !home && tries < TRIES -> tries++;
       givenUp[e] = true;
#ifdef MUTANT_WITHDRAWN_WITHOUT_A_COMMIT
       if
       :: head.outcome[e] == None -> tell(e, ToldRefused)
       :: else -> skip
       fi;
#endif
       copy(plan, head);
#ifdef MUTANT_WITHDRAWN_WITHOUT_A_LOOK
       record(e, Withdrawn);
#else
       if
       :: plan.outcome[e] == None && e >= plan.mark -> record(e, Withdrawn)
       :: else -> skip
       fi;
#endif
       swap(e);
       answer = 0
     }
  /* It came back: runs at home, as any transaction. */
  :: atomic {
       told[e] == Waiting && home && tries < TRIES -> tries++;
       copy(plan, head);
       plan.twice = plan.rows & BIT(e);
       plan.rows = plan.rows | BIT(e);
       swap(e);
       tell(e, (answer == Landed -> ToldDone : ToldNothing));
       answer = 0
     }
  /* It is closed, or its patience is at its end. */
  :: atomic { told[e] == Waiting && tries == TRIES -> tell(e, ToldNothing) }
  od
}

/* --- who carries others' -------------------------------------------------------------------------------------------------- */

proctype Combiner(byte p)
{
  byte tries;
  mtype answer;

end:
  do
  :: tries == TRIES -> break
  /* Lists and reads. */
  :: atomic {
       tries < TRIES && (there[0] || there[1]) ->
       seen[p] = 0;
#ifdef MUTANT_ANOTHER_EPOCH
#define wanted(e) there[e]
#else
#define wanted(e) (there[e] && leftIn[e] == head.epoch)
#endif
       if :: wanted(0) -> seen[p] = seen[p] | BIT(0) :: else -> skip fi;
       if :: wanted(1) -> seen[p] = seen[p] | BIT(1) :: else -> skip fi
     }
  /* Runs them, the oldest first or not. */
  :: atomic {
       tries < TRIES && seen[p] != 0 -> tries++;
       copy(plan, head);
       if
       :: carry(p, 0); carry(p, 1)
       :: carry(p, 1); carry(p, 0)
       fi;
       swap(p);
       if
       :: answer == Landed ->           /* only now may they go */
          if :: head.outcome[0] != None -> there[0] = false; seen[p] = seen[p] & 2 :: else -> skip fi;
          if :: head.outcome[1] != None -> there[1] = false; seen[p] = seen[p] & 1 :: else -> skip fi
       :: else -> skip                  /* they run again, on what is there then */
       fi;
       answer = 0
     }
  od
}

/* --- who goes back to an earlier version ---------------------------------------------------------------------------------- */

proctype Restorer()
{
  Version saved;

  atomic { copy(saved, head) };
  atomic {
    undone = undone | (head.rows & ~saved.rows);
    saved.epoch = head.epoch + 1;
    apply(saved)
  }
}

init
{
  atomic {
    head.outcome[0] = None; head.outcome[1] = None;
    sweep(); clear(plan);
    told[0] = Waiting; told[1] = Waiting;
    run Owner(0);
#ifdef ONE
    told[1] = ToldNothing;
#else
    run Owner(1);
#endif
    run Combiner(2);
#if COMBINERS > 1
    run Combiner(3);
#endif
#ifdef RESTORE
    run Restorer();
#endif
  }
}
