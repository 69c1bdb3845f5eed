/*
 * The commit protocol, as docs/PROTOCOL.md tells it and src/Engine/Commit has it. tests/Model/check verifies it, and sees that
 * each mutant (a -D switch below, MUTANT_...) breaks a promise. What it leaves out, collections and pins, is in collection.pml.
 *
 * in the model               in the code
 * head, listed[]             Format/Head: SwapId (which stands for the tag, too), Version, DatabaseId, State; Recent and what stands behind it
 * body                       the pages, as the set of the transactions that made them
 * Committer: plan            CommitPath.RunAsync
 * swap, judge                Swap.RunAsync, Swap.Judge
 * confirm                    GroupCommitter.ConfirmAsync
 * runAgain, reload           GroupCommitter.RunAgainAsync and GiveUp, WriteQueue.ReloadAsync with HeadReader
 * Turns                      WriteQueue, WriteConnection; its last step is Speculation.TryStack
 * tip, stacked, carried      Speculation: the tip, what stands on the stack, the Group that Take gives out
 * Owner                      Creation and Deletion
 * late[]                     a request that its sender has given up and that the store may still apply
 *
 * A swap is one step here: its sender does nothing else meanwhile, so that a request which is on its way for long is one that
 * was sent later. The store answers it, or applies it and the answer is lost, or it is repeated on the way and answered twice, or
 * it stays under way as a late one. Reading the head is one step. A process may stop for ever anywhere, which is why a death needs
 * no step of its own.
 *
 * Assumed, beside the four promises of the store: a refusal is the answer to the only copy of an attempt that was sent.
 * (S3Settings.MakeSwapClient sends each once. A copy given up before is late[], and is reckoned with.)
 *
 * Transactions without an operation id are in nobody's list: only this protocol keeps them from happening twice.
 */
#ifndef WRITERS
#define WRITERS 2
#endif
#ifndef EACH                    /* transactions of each writer */
#define EACH 2
#endif
#ifndef READS                   /* transactions, as a mask, that change nothing but are told what they saw */
#define READS 0
#endif
#ifndef OPERATIONS              /* transactions, as a mask, that have an operation id: asked again after an unknown outcome */
#define OPERATIONS 0
#endif
#ifndef LISTED                  /* how many commits a head lists; older ones may or may not be found in what stands behind it */
#define LISTED 1
#endif
#ifdef OWNER                    /* somebody creates the database, deletes it, and creates it anew */
#define SENDERS (WRITERS + 1)
#else
#define SENDERS WRITERS
#endif
#define VERSIONS (WRITERS * EACH + 1)
#define MINE(w) (((1 << EACH) - 1) << ((w) * EACH))
#if defined(MUTANT_NO_COMMIT_ID) || defined(MUTANT_DELETION_REMOVES_THE_HEAD)
#define TAGS_COME_BACK
#endif
#define NONE 0                  /* no tag: there is no head */

mtype = { Done, Changed, Busy, Refused, NoAnswer };
mtype = { Open, Landed, Below, Lost, Gone, Unknown, NotApplied };

typedef Head {
  byte id; byte database; byte version; byte body; bool dead
}

typedef Swap {
  bool sent; bool creates; bool dead; bool sound;
  byte id; byte expected; byte database; byte version;
  byte body; byte carried;
  byte base                     /* the body that its transactions ran on, whatever tag it names */
}

Head head;
byte listed[VERSIONS];          /* the commit of each version of the database that is there */
Swap current[SENDERS], late[SENDERS];
byte attempts[SENDERS];

byte applied, acknowledged, living, refused, gone;   /* what became of each transaction; living: acknowledged in the database that is there */
byte born, died;                                     /* databases, as masks */
byte opened[WRITERS];                                /* the database that the writer has opened */

Head known[WRITERS];
byte pending[WRITERS], stacked[WRITERS], tip[WRITERS], saw[WRITERS], untold[WRITERS], askedAgain[WRITERS];
byte ranOn[WRITERS];            /* the body below the stack */
bool stale[WRITERS], sound[WRITERS], ranOnTip[WRITERS], closed[WRITERS];

/* --- the store ------------------------------------------------------------------------------------------------------------ */

inline apply(s)
{
  assert(s.carried == 0 || head.database == s.database);                /* a commit stays in the database that it was meant for */
  assert(s.carried == 0 || s.version == head.version + 1);              /* versions are contiguous */
  assert(s.carried == 0 || (s.base == head.body && s.sound));           /* the base of a swap is what its transactions ran on */
  assert((s.carried & applied) == 0);                                   /* nothing happens twice */
  assert((s.carried & (refused | gone)) == 0);                          /* what was refused never happens */
  assert(s.dead || !(died & (1 << s.database)));                        /* a deleted database stays deleted */
  if
  :: s.dead -> died = died | (1 << s.database); living = 0
  :: !s.dead && s.creates -> born = born | (1 << s.database); listed[0] = 0;
     for (v : 1 .. VERSIONS - 1) { listed[v] = 0 }
     v = 0
  :: else -> listed[s.version] = s.id
  fi;
  applied = applied | s.carried;
  head.id = s.id;
  head.database = s.database;
  head.version = s.version;
  head.body = s.body;
  head.dead = s.dead;
  sweep();
  assert((living & ~head.body) == 0)                                    /* nothing that was acknowledged is lost */
}

#ifdef MUTANT_NO_IF_MATCH       /* the swap has no condition */
#define matches(s) (true)
#else
#define matches(s) (s.expected == head.id)
#endif

inline giveUp(w)
{
  late[w].sent = true; late[w].creates = current[w].creates; late[w].dead = current[w].dead; late[w].sound = current[w].sound;
  late[w].id = current[w].id; late[w].expected = current[w].expected; late[w].database = current[w].database;
  late[w].version = current[w].version; late[w].body = current[w].body; late[w].carried = current[w].carried; late[w].base = current[w].base
}

inline forget(w)
{
  late[w].sent = false; late[w].creates = false; late[w].dead = false; late[w].sound = false;
  late[w].id = 0; late[w].expected = 0; late[w].database = 0;
  late[w].version = 0; late[w].body = 0; late[w].carried = 0; late[w].base = 0
}

inline deliverLate(w)
{
  if
  :: matches(late[w]) -> apply(late[w])
  :: else -> skip
  fi;
  forget(w)
}

/* A tag never comes back, so a late request for another one can never be applied: it is let go at once, which saves states. */
inline sweep()
{
#ifndef TAGS_COME_BACK
  if
  :: !matches(late[0]) -> forget(0)
  :: else -> skip
  fi;
#if SENDERS > 1
  if
  :: !matches(late[1]) -> forget(1)
  :: else -> skip
  fi;
#endif
#if SENDERS > 2
  if
  :: !matches(late[2]) -> forget(2)
  :: else -> skip
  fi;
#endif
#endif
  skip
}

active proctype Store()
{
  byte v;
end:
  do
  :: atomic { late[0].sent -> deliverLate(0) }
#if SENDERS > 1
  :: atomic { late[1].sent -> deliverLate(1) }
#endif
#if SENDERS > 2
  :: atomic { late[2].sent -> deliverLate(2) }
#endif
  od
}

/* --- swapping a head ------------------------------------------------------------------------------------------------------ */

/* Each attempt has an id of its own, and so each head has bytes of its own. */
inline newId(w)
{
#ifdef MUTANT_NO_COMMIT_ID      /* the same change of the same version has the same bytes: ABA */
  current[w].id = 100 + current[w].version + (current[w].dead -> 50 : 0)
#else
  (attempts[w] < 31);                   /* never reached but by mutants that try for ever: a process that stops here is a wrong end */
  attempts[w]++;
  current[w].id = 2 + w * 32 + attempts[w]
#endif
}

/* One request, and what comes back. */
inline send(w)
{
  if
  :: matches(current[w]) -> apply(current[w]);
     if
     :: answer = Done
     :: answer = NoAnswer
     :: answer = Changed        /* repeated on the way by an SDK or a proxy: the 412 is the echo of our own PUT */
     :: answer = Busy           /* repeated likewise, and both copies arrived at once */
     fi
  :: !matches(current[w]) -> answer = Changed
  :: answer = Busy
  :: answer = Refused
  :: answer = NoAnswer          /* it never arrives */
#ifdef TAGS_COME_BACK
  :: answer = NoAnswer; giveUp(w)
#else
  :: matches(current[w]) -> answer = NoAnswer; giveUp(w)
#endif
  fi
}

/* What the head that is there says of a swap. */
inline judge(w)
{
  if
  :: head.id == current[w].id -> outcome = Landed
  :: else ->
     if
     :: current[w].creates && head.id != NONE && head.database == current[w].database -> outcome = Below
     :: else ->
        if
        :: head.id == current[w].expected ->
#ifdef MUTANT_OPEN_IS_LOST      /* the head is unchanged, so ours is taken for lost, though it may still be under way */
           outcome = Lost
#else
           outcome = Open
#endif
        :: head.id != current[w].expected && head.id == NONE -> outcome = Gone
        :: else ->
           if
           :: head.database != current[w].database -> outcome = (current[w].expected == NONE -> Lost : Gone)
           :: head.database == current[w].database && (current[w].carried == 0 || head.version < current[w].version) -> outcome = Lost
           :: else -> judgeByNumber(w)
           fi
        fi
     fi
  fi
}

inline judgeByNumber(w)
{
#ifdef MUTANT_NUMBER_IS_ENOUGH  /* the version is there, so it is taken for ours */
  outcome = Below
#else
  if
  :: listed[current[w].version] == current[w].id -> outcome = Below
  :: listed[current[w].version] != current[w].id -> outcome = (head.dead -> Gone : Lost)
  :: head.version - current[w].version >= LISTED ->
#ifdef MUTANT_UNLISTED_IS_LOST  /* the head does not say any more: taken for lost */
     outcome = Lost
#else
     outcome = Unknown
#endif
  fi
#endif
}

/* Sends current[w] until its outcome is known, or can't be. */
inline swap(w)
{
  mayLandLate = false;
  outcome = Open;
  do
  :: outcome != Open -> break
  :: atomic {
       outcome == Open -> send(w);
       if
       :: answer == Done -> outcome = Landed
       :: answer == Busy ->
#if defined(MUTANT_409_IS_DONE)
          outcome = Landed
#elif defined(MUTANT_409_IS_REFUSED)    /* also after an attempt that nobody knows the outcome of */
          outcome = NotApplied
#else
#ifndef MUTANT_409_SETTLES              /* the 409 may be that of a twin: a refusal that follows settles nothing */
          mayLandLate = true;
#endif
          if
          :: skip                       /* the same again */
          :: answer = Changed           /* patience is at its end: the head says what to tell */
          fi
#endif
#ifdef MUTANT_REFUSAL_SETTLES           /* a refusal says nothing of an earlier attempt that may still land */
       :: answer == Refused -> outcome = NotApplied
#else
       :: answer == Refused && !mayLandLate -> outcome = NotApplied
       :: answer == Refused && mayLandLate -> answer = NoAnswer
#endif
       :: answer == Changed ->
#ifdef MUTANT_OWN_412_IS_A_RIVAL
          outcome = Lost
#else
          skip
#endif
       :: answer == NoAnswer ->
#if defined(MUTANT_TIMEOUT_IS_LOST)
          outcome = Lost
#elif defined(MUTANT_TIMEOUT_IS_DONE)
          outcome = Landed
#else
          mayLandLate = true
#endif
       fi
     };
     if
     :: outcome == Open && answer != Busy ->
        if
        :: atomic { judge(w);
             if
             :: outcome == Open ->
#ifdef MUTANT_NEW_ID_FOR_THE_SAME_AGAIN /* asked again under another id: the late twin is not recognized as ours */
                newId(w)
#else
                skip
#endif
             :: outcome == Open -> outcome = (mayLandLate -> Unknown : NotApplied)      /* patience is at its end */
             :: else -> skip
             fi }
        :: outcome = Unknown            /* the head can't be read */
        fi
     :: else -> skip
     fi
  od
}

/* --- a process that writes ------------------------------------------------------------------------------------------------ */

inline tell(w, who)
{
  untold[w] = untold[w] & ~(who)
}

inline acknowledge(w, who)
{
  assert(((who) & ~READS & ~applied) == 0);                             /* what is acknowledged has happened */
  assert(((who) & READS) == 0 || (saw[w] & ~applied) == 0);             /* nobody is told of what never was */
  acknowledged = acknowledged | ((who) & ~READS);
  if
  :: head.database == opened[w] && !head.dead -> living = living | ((who) & ~READS)
  :: else -> skip
  fi;
  assert((living & ~head.body) == 0);                                   /* nothing that was acknowledged is lost */
  tell(w, who)
}

inline install(w)
{
  known[w].id = head.id; known[w].database = head.database; known[w].version = head.version; known[w].body = head.body;
  stale[w] = false;
#ifdef MUTANT_STACK_SURVIVES_LOSS
  if
  :: stacked[w] == 0 -> tip[w] = head.body; ranOn[w] = head.body; sound[w] = true
  :: else -> skip
  fi
#else
  tip[w] = head.body;
  ranOn[w] = head.body;
  sound[w] = true
#endif
}

/* What was stacked runs again, on what is there when the head has been read. */
inline runAgain(w, who)
{
#ifdef MUTANT_STACK_SURVIVES_LOSS
  pending[w] = pending[w] | (who);
#else
  pending[w] = pending[w] | (who) | stacked[w];
  stacked[w] = 0;
#endif
  saw[w] = 0;
  stale[w] = true;
  ranOnTip[w] = false
}

inline allGone(w)
{
  gone = gone | (untold[w] & ~READS);
  assert((gone & applied & head.body) == 0);                            /* what is gone is not in the database that is there */
  untold[w] = 0; pending[w] = 0; stacked[w] = 0; saw[w] = 0;
  stale[w] = true
}

proctype Committer(byte w)
{
  byte v, carried;
  mtype answer, outcome;
  bool mayLandLate;

end_nothing_to_open:
  atomic { head.id != NONE && !head.dead -> opened[w] = head.database; install(w) }
  do
  :: atomic { untold[w] == 0 -> closed[w] = true; break }
  :: atomic {
       stale[w] && untold[w] != 0 ->
       if
#ifndef MUTANT_ANOTHER_DATABASE         /* the database was created anew, and the writer goes on as if it were the same */
       :: head.id == NONE || head.dead || head.database != opened[w] -> allGone(w)
#else
       :: head.id == NONE || head.dead -> allGone(w)
#endif
       :: else -> install(w)
       fi
     }
  :: atomic {                           /* confirm: a group that changed nothing asks whether the head is still the one it saw */
       stacked[w] != 0 && (stacked[w] & ~READS) == 0 && !stale[w] ->
       if
       :: head.id == known[w].id -> acknowledge(w, stacked[w]); stacked[w] = 0; saw[w] = 0
       :: else -> runAgain(w, 0)
       fi
     }
  :: atomic {                           /* plan */
       (stacked[w] & ~READS) != 0 && !stale[w] ->
       carried = stacked[w];
       stacked[w] = 0;
       current[w].database = opened[w];
       current[w].version = known[w].version + 1;
       current[w].expected = known[w].id;
       current[w].carried = carried & ~READS;
       current[w].body = tip[w];
       current[w].base = ranOn[w];
       current[w].sound = sound[w];
       newId(w);
#ifdef MUTANT_ANSWER_BEFORE_SWAP
       acknowledge(w, carried);
#endif
       ranOn[w] = tip[w]
     };
#ifdef MUTANT_BASE_IS_READ_LATER        /* the head is read just before the swap, and its tag and version are taken for the base's */
     atomic { current[w].expected = head.id; current[w].version = head.version + 1 };
#endif
     swap(w);
     atomic {                           /* finish */
       if
       :: outcome == Landed ->
          known[w].id = current[w].id; known[w].version = current[w].version; known[w].body = current[w].body;
          acknowledge(w, carried)
       :: outcome == Below -> acknowledge(w, carried); runAgain(w, 0)
       :: outcome == Lost -> runAgain(w, carried)
       :: outcome == Gone -> allGone(w)
       :: outcome == NotApplied ->
          /* The refusal of a repetition says nothing of the first attempt, whose outcome is unknown for good. */
          assert((carried & ~READS & ~askedAgain[w] & applied) == 0);   /* what was refused never happens */
          refused = refused | (carried & ~READS & ~askedAgain[w]);
          tell(w, carried);
          runAgain(w, 0)
       :: outcome == Unknown ->
#ifdef MUTANT_UNKNOWN_RUNS_AGAIN
          runAgain(w, carried)
#else
          /* Its callers are told; who has an operation id asks again, once. */
          if
          :: (carried & OPERATIONS & ~askedAgain[w]) != 0 ->
             askedAgain[w] = askedAgain[w] | (carried & OPERATIONS);
             tell(w, carried & ~OPERATIONS);
             runAgain(w, carried & OPERATIONS)
          :: tell(w, carried); runAgain(w, 0)
          fi
#endif
       fi;
       current[w].id = 0; current[w].expected = 0; current[w].version = 0; current[w].carried = 0; current[w].body = 0; current[w].base = 0;
       current[w].database = 0; current[w].sound = false;
       carried = 0; answer = 0; outcome = 0; mayLandLate = false
     }
  od
}

/* One transaction at a time runs on the tip; at its end it is stacked, if the tip is still what it ran on. */
proctype Turns(byte w)
{
  byte turn, below;
end_nothing_opened:
  do
  :: atomic { closed[w] -> break }
  :: atomic {
       turn == 0 && !stale[w] && pending[w] != 0 ->
       turn = pending[w] & -pending[w];
       pending[w] = pending[w] & ~turn;
       below = tip[w];
       ranOnTip[w] = true
     }
  :: atomic { turn != 0 && (untold[w] & turn) == 0 -> turn = 0; below = 0 }
  :: atomic {
       turn != 0 && !stale[w] && (untold[w] & turn) != 0 ->
       if
#ifndef MUTANT_STACK_ON_ANY_TIP         /* the tip was replaced while it ran, and it is stacked all the same */
       :: !ranOnTip[w] -> pending[w] = pending[w] | turn
#endif
       :: else ->
          if
#ifdef MUTANT_OPERATIONS_NOT_LOOKED_UP
          :: false -> skip
#else
          :: (turn & OPERATIONS & known[w].body) != 0 -> acknowledge(w, turn)           /* its id is there already */
#endif
          :: else ->
             sound[w] = sound[w] && below == tip[w];
             stacked[w] = stacked[w] | turn;
             if
             :: (turn & READS) != 0 -> saw[w] = below
#ifdef MUTANT_READS_ARE_TOLD_AT_ONCE
                ; stacked[w] = stacked[w] & ~turn; acknowledge(w, turn)
#endif
             :: else -> tip[w] = tip[w] | turn
             fi
          fi
       fi;
       turn = 0; below = 0
     }
  od
}

/* --- creation and deletion ------------------------------------------------------------------------------------------------ */

#ifdef OWNER
inline create(number)
{
  atomic {
    head.id == NONE || head.dead ->
    current[WRITERS].creates = true;
    current[WRITERS].dead = false;
    current[WRITERS].database = number;
    current[WRITERS].version = 0;
    current[WRITERS].expected = head.id;
    newId(WRITERS)
  };
  swap(WRITERS);
  assert(!(outcome == Landed || outcome == Below) || (born & (1 << number)));   /* what is told to be created was created */
  assert(outcome != NotApplied || !(born & (1 << number)))                      /* what was refused never happens */
}

active proctype Owner()
{
  byte v;
  mtype answer, outcome;
  bool mayLandLate;

  create(1);
  do
  :: atomic { head.id == NONE || head.dead -> break }                   /* there is none, as far as anybody can know */
  :: atomic {
       head.id != NONE && !head.dead ->
#ifdef MUTANT_DELETION_REMOVES_THE_HEAD
       died = died | (1 << head.database);
       living = 0;
       head.id = NONE; head.database = 0; head.version = 0; head.body = 0;
       break
#else
       current[WRITERS].creates = false;
       current[WRITERS].dead = true;
       current[WRITERS].database = head.database;
       current[WRITERS].version = head.version;
       current[WRITERS].expected = head.id;
       newId(WRITERS)
#endif
     };
     swap(WRITERS);
     assert(outcome != Landed || (died & (1 << current[WRITERS].database)));    /* what is told to be deleted was deleted */
     if
     :: outcome == Lost -> skip
     :: else -> break
     fi
  od;
  if
  :: create(2)
  :: head.id != NONE && !head.dead -> skip                              /* it is still there */
  fi
}
#endif

init
{
  atomic {
#ifndef OWNER
    head.id = 1;
    head.database = 1;
    born = 1 << 1;
#endif
    pending[0] = MINE(0); untold[0] = MINE(0); stale[0] = true; run Committer(0); run Turns(0);
#if WRITERS > 1
    pending[1] = MINE(1); untold[1] = MINE(1); stale[1] = true; run Committer(1); run Turns(1);
#endif
#if WRITERS > 2
    pending[2] = MINE(2); untold[2] = MINE(2); stale[2] = true; run Committer(2); run Turns(2);
#endif
  }
}
