/*
 * Collections, pins and whoever stands still across them, on top of the commit protocol of commit.pml. tests/Model/check verifies
 * it, and sees that each mutant (a -D switch below, MUTANT_...) breaks a promise.
 *
 * in the model               in the code
 * head                       Format/Head: SwapId (tag), Version, CollectionEpoch, Segments (names), State (dead); the horizon is the
 *                            first of History.Checkpoints
 * Writer                     CommitPath and Flush: upload, then swap; a merge that keeps the version is a compaction
 * keepsUpload                Flush.AppliesTo (invariant 3 of docs/PROTOCOL.md)
 * Importer                   Import and Creation; Deleter is Deletion
 * Collector                  Maintenance/Collection
 * Pinner                     Maintenance/Pins and Fork. That a pin which is written again can't be replaced by a late request for an
 *                            earlier one (ClaimedObject) is not in the model: here each attempt has a pin of its own
 * Reader                     a snapshot that is held
 * checkpoint()               Commit/CheckpointWriter
 *
 * How it works, and what each part is for (take it away and a mutant shows what happens):
 *
 * - The head carries the collection epoch and a horizon, the oldest version that is retained. A collection begins by a swap that
 *   adds one to the epoch and moves the horizon on. Whoever has read the head before must lose, and reads both.
 * - Then, and not before, it lists pins, checkpoints and segments. It deletes what was stored before its swap by the store's own
 *   clock, and is named neither by the head that it swapped, nor by a version from the horizon on, nor by a pin.
 * - After it has listed it reads the head once more: if another collection has begun meanwhile, checkpoints that it needed may be
 *   gone, and it ends. (That they go as soon as the horizon has passed them is the worst case.)
 * - Whoever makes the head drop a segment has written before its swap, in a checkpoint of its base, that the base's version named it.
 * - A pin is an object with the segments of a version from the horizon on. It counts once a swap of the parent's head, made after
 *   it was written, has landed on the head that was read before it was chosen. If that swap is lost all begins anew.
 * - An upload counts for the epoch of the head that it was made for, and for no other. Nobody deletes what it has uploaded itself.
 *
 * A segment is a bit of a mask. A swap is one step, as in commit.pml; its outcome may stay unknown, and it may be applied late.
 */
#ifndef WRITERS
#define WRITERS 1
#endif
#ifndef COMMITS                 /* of each writer */
#define COMMITS 2
#endif
#ifndef COLLECTORS
#define COLLECTORS 1
#endif
#ifndef COLLECTIONS             /* of each collector */
#define COLLECTIONS 2
#endif
#ifndef SEGMENTS
#define SEGMENTS 5
#endif
#define VERSIONS 8
#define WRITER 0                /* the places of those who swap, in late[] */
#define COLLECTOR 2
#define PINNER 4
#define IMPORTER 5
#define DELETER 6
#define SENDERS 7
#define NO_EPOCH 255            /* there was no head */

/* These two must fail by themselves: the look after the listing would hide them as long as there is one collector. */
#if defined(MUTANT_NO_SWAP_BEFORE_A_COLLECTION) || defined(MUTANT_UNKNOWN_SWAP_BEGINS_A_COLLECTION)
#define NO_LOOK
#endif
#ifdef MUTANT_NO_LOOK_AFTER_THE_LISTING
#define NO_LOOK
#endif

mtype = { Landed, Lost, Unknown };

typedef Head {
  byte tag; byte version; byte epoch; byte horizon; byte names; bool dead
}

typedef Late {
  byte expected; byte version; byte epoch; byte horizon; byte names; bool dead
}

Head head;
Late late[SENDERS];
byte lateOnes;                          /* those who have one, as a mask */
bool doubted[SENDERS];                  /* one outcome of each stays unknown */
byte uploads, stored, pins;             /* masks of segments, but uploads is their number */
byte storedAt[SEGMENTS];                /* by the store's clock: the epoch that had begun */
byte checkpointed[SEGMENTS];            /* one above the newest version that a checkpoint says it belonged to */
byte namesOf[VERSIONS];                 /* what the newest head of each version named */
byte forks;                             /* the segments of the forks that were told to be made */
byte heldNames, heldVersion;            /* what a reader holds */

#if WRITERS > 2 || COLLECTORS > 2
#error There are two places each in late[].
#endif

#define keeps(mask, segment) (((mask) >> (segment)) & 1)

/* --- the store ------------------------------------------------------------------------------------------------------------ */

/* A tag never comes back, so late swaps of older ones can be let go. All late ones are of the tag that has just gone. */
inline sweep()
{
  for (i : 0 .. SENDERS - 1) {
    late[i].expected = 0; late[i].version = 0; late[i].epoch = 0; late[i].horizon = 0; late[i].names = 0; late[i].dead = false
  }
  lateOnes = 0
}

inline apply(s)
{
  assert((s.names & ~stored) == 0);                                     /* the head names only what is there */
  assert(s.horizon >= head.horizon && s.epoch >= head.epoch);           /* what was given up stays given up */
  head.tag++;
  head.version = s.version;
  head.epoch = s.epoch;
  head.horizon = s.horizon;
  head.names = s.names;
  head.dead = s.dead;
  namesOf[head.version] = head.names;
  sweep();
#ifndef MUTANT_HORIZON_IS_NOT_HEEDED
  /* Checkpoints from before the horizon are removed. */
  for (i : 0 .. SEGMENTS - 1) {
    if
    :: checkpointed[i] <= head.horizon -> checkpointed[i] = 0
    :: else -> skip
    fi
  }
  for (i : 0 .. head.horizon - 1) { namesOf[i] = 0 }
  i = 0
#else
  skip
#endif
}

inline delete(segment)
{
  assert(!keeps(head.names, segment));                                  /* what the head names is never deleted */
  assert(!keeps(forks, segment));                                       /* what a fork names is never deleted */
  assert(!keeps(heldNames, segment) || heldVersion < head.horizon);     /* a reader within the retention misses nothing */
  for (i : head.horizon .. head.version) {
    assert(!keeps(namesOf[i], segment))                                 /* every retained version can be read */
  }
  i = 0;
  stored = stored & ~(1 << segment);
  storedAt[segment] = 0;
  checkpointed[segment] = 0
}

proctype Store()
{
  byte i, which;
end:
  do
  :: atomic {
       lateOnes != 0 ->
       which = 0;
       do
       :: keeps(lateOnes, which) -> apply(late[which]); break
       :: which < SENDERS - 1 -> which++
       :: else -> break
       od;
       which = 0
     }
  od
}

/* next, on the condition that the head still has the tag next.expected. */
inline swap(who)
{
  atomic {
    if
    :: next.expected != head.tag -> outcome = Lost
    :: next.expected == head.tag -> outcome = Landed
    :: next.expected == head.tag && !doubted[who] -> doubted[who] = true; outcome = Unknown
    fi;
    if
    :: outcome != Lost -> apply(next)
    :: outcome == Lost -> skip
    :: outcome == Unknown ->
       lateOnes = lateOnes | (1 << (who));
       late[who].expected = next.expected; late[who].version = next.version; late[who].epoch = next.epoch;
       late[who].horizon = next.horizon; late[who].names = next.names; late[who].dead = next.dead
    fi
  }
}

inline readHead()
{
  base.tag = head.tag; base.version = head.version; base.epoch = head.epoch; base.horizon = head.horizon;
  base.names = head.names; base.dead = head.dead
}

inline keepHead()
{
  next.expected = base.tag; next.version = base.version; next.epoch = base.epoch; next.horizon = base.horizon;
  next.names = base.names; next.dead = base.dead
}

/* What a sender needs no more, so that states that differ in nothing else are one. */
inline forget()
{
  base.tag = 0; base.version = 0; base.epoch = 0; base.horizon = 0; base.names = 0; base.dead = false;
  next.expected = 0; next.version = 0; next.epoch = 0; next.horizon = 0; next.names = 0; next.dead = false;
  outcome = 0
}

inline upload()
{
  own = uploads;
  uploads++;
  stored = stored | (1 << own);
  storedAt[own] = head.epoch
}

/* Says of what is about to leave the head that it belonged to the base's version. */
inline checkpoint(dropped)
{
  for (i : 0 .. SEGMENTS - 1) {
    if
    :: keeps(dropped, i) && checkpointed[i] <= base.version -> checkpointed[i] = base.version + 1
    :: else -> skip
    fi
  }
  i = 0
}

/* A version that may be read, restored, pinned. */
inline choose(which)
{
#ifdef MUTANT_HORIZON_IS_NOT_HEEDED
  which = 1;
#else
  which = base.horizon;
#endif
  do
  :: which < base.version -> which++
  :: break
  od
}

/* --- who writes ----------------------------------------------------------------------------------------------------------- */

/* Commits: with an upload that is added, or that takes the place of everything; or the restoration of a version. */
proctype Writer(byte who)
{
  Head base;
  Late next;
  byte own, epochOfUpload, merged, i, restored, commits;
  bool uploaded;
  mtype outcome;

  do
  :: atomic { commits == COMMITS || head.dead -> break }
  :: atomic { commits < COMMITS && !head.dead -> readHead() }
     atomic {
       if
       :: uploads < SEGMENTS -> upload(); uploaded = true; epochOfUpload = base.epoch;
          if
          :: merged = base.names
          :: merged = 0
          fi
       :: choose(restored)
       fi
     };
carry:
     atomic {
       keepHead();
       if
       :: uploaded -> next.names = (base.names & ~merged) | (1 << own)
       :: else -> next.names = namesOf[restored]
       fi;
       if
       :: next.version = base.version + 1
       :: uploaded && merged != 0 -> skip                               /* a compaction changes nothing that anybody could see */
       fi
#ifndef MUTANT_CHECKPOINT_AFTER_SWAP
       ; checkpoint(base.names & ~next.names)
#endif
     };
     swap(who);
     atomic {
       if
       :: outcome == Lost && uploaded && !head.dead ->
          readHead();
          if
#ifndef MUTANT_UPLOADS_OUTLIVE_A_COLLECTION
          :: base.epoch == epochOfUpload && (merged & ~base.names) == 0 -> goto carry
          :: else -> skip
#else
          :: (merged & ~base.names) == 0 -> goto carry
          :: else -> skip
#endif
          fi
       :: outcome == Unknown ->
#ifdef MUTANT_ORPHANS_ARE_DELETED
          if
          :: uploaded -> stored = stored & ~(1 << own); assert(!keeps(head.names, own))         /* what the head names is never deleted */
          :: else -> skip
          fi;
#endif
          commits++
       :: outcome == Landed -> commits++
       :: else -> commits++            /* whoever loses twice is as good as one that begins later */
       fi;
#ifdef MUTANT_CHECKPOINT_AFTER_SWAP
       skip
     };
     atomic {
       checkpoint(base.names & ~next.names);
#endif
       uploaded = false; own = 0; merged = 0; restored = 0; epochOfUpload = 0; forget()
     }
  od
}

/* --- maintenance ---------------------------------------------------------------------------------------------------------- */

#ifdef MUTANT_THE_YOUNG_ARE_COLLECTED
#define isOld(segment) (true)
#else
#define isOld(segment) (storedAt[segment] < next.epoch)
#endif

#ifdef MUTANT_NO_RETENTION
#define isNotRetained(segment) (true)
#else
#define isNotRetained(segment) (checkpointed[segment] <= next.horizon)
#endif

proctype Collector(byte who)
{
  Head base;
  Late next;
  byte live, garbage, i, collections;
  mtype outcome;

  do
  :: atomic { collections == COLLECTIONS -> break }
  :: atomic { collections < COLLECTIONS -> collections++;
#ifdef MUTANT_PINS_ARE_LISTED_FIRST
       live = pins
     };
     atomic {
#endif
       readHead(); keepHead(); next.epoch++;
#ifdef MUTANT_NO_SWAP_BEFORE_A_COLLECTION
       outcome = Landed
     };
#else
       choose(next.horizon)
     };
     swap(who);
#endif
#ifdef MUTANT_LIVE_SET_OF_A_LOST_SWAP   /* swapped again on the head that won, with what the old one named */
     if
     :: atomic { outcome == Lost -> next.expected = head.tag; next.version = head.version; next.names = head.names; next.dead = head.dead;
          next.epoch = head.epoch + 1; next.horizon = head.horizon };
        swap(who)
     :: outcome != Lost -> skip
     fi;
#endif
     if
#ifdef MUTANT_UNKNOWN_SWAP_BEGINS_A_COLLECTION
     :: outcome != Lost ->
#else
     :: outcome == Landed ->
#endif
        atomic {
          live = live | base.names;
#ifndef MUTANT_PINS_ARE_LISTED_FIRST
          live = live | pins
#endif
        };
        atomic {
          for (i : 0 .. SEGMENTS - 1) {
            if
            :: keeps(stored & ~live, i) && isOld(i) && isNotRetained(i) -> garbage = garbage | (1 << i)
            :: else -> skip
            fi
          }
          i = 0; live = 0
        };
#ifndef NO_LOOK
        atomic {
          if
          :: head.epoch != next.epoch -> garbage = 0
          :: else -> skip
          fi
        };
#endif
        do
        :: atomic { garbage == 0 -> break }
        :: atomic {
             garbage != 0 ->
             do
             :: keeps(garbage, i) -> break
             :: else -> i++
             od;
             garbage = garbage & ~(1 << i);
             live = i;
             if
             :: keeps(stored, live) -> delete(live)
             :: else -> skip                                            /* another collector was first */
             fi;
             i = 0; live = 0
           }
        od
     :: else -> skip
     fi;
     atomic { live = 0; forget() }
  od
}

#ifdef PINS
proctype Pinner()
{
  Head base;
  Late next;
  byte chosen, wanted, i;
  mtype outcome;

  atomic { readHead() };
#ifdef MUTANT_PIN_KEEPS_ITS_CHOICE
again:
#endif
  atomic {
    if
    :: wanted != 0 -> skip
    :: wanted == 0 && base.dead -> goto finished
    :: wanted == 0 && !base.dead -> choose(chosen); wanted = (chosen == base.version -> base.names : namesOf[chosen]); chosen = 0
    fi;
#ifndef MUTANT_PIN_IS_WRITTEN_AFTER_ITS_SWAP
    pins = pins | wanted;
#endif
    keepHead()
  };
#ifdef MUTANT_PIN_WITHOUT_A_SWAP
  outcome = Landed;
#else
  swap(PINNER);
#endif
  if
#ifdef MUTANT_PIN_KEEPS_ITS_CHOICE
  :: atomic { outcome == Lost && !head.dead -> readHead(); goto again }
#endif
  :: atomic {
       outcome == Landed ->
       forks = wanted;
       assert((forks & ~stored) == 0)                                   /* what a fork names is there */
     }
  :: else -> skip                       /* whoever tries again is as good as one that begins later */
  fi;
finished:
#ifdef MUTANT_PIN_IS_WRITTEN_AFTER_ITS_SWAP
  pins = pins | forks;
#endif
  atomic { wanted = 0; forget() }
}
#endif

#ifdef READER
proctype Reader()
{
  /* It begins at any time, and holds what it has read for good: nothing that ends earlier sees more. */
  atomic { heldNames = head.names; heldVersion = head.version }
}
#endif

/* --- deletion, and a creation that brings data along ------------------------------------------------------------------------ */

#ifdef IMPORT
proctype Deleter()
{
  Head base;
  Late next;
  byte i;
  mtype outcome;

  do
  :: atomic {
       readHead(); keepHead();
       next.version = base.version + 1; next.horizon = next.version; next.names = 0; next.dead = true
     };
     swap(DELETER);
     if
     :: outcome == Lost -> skip
     :: else -> break
     fi
  od
}

proctype Importer()
{
  Head base;
  Late next;
  byte own, epochOfUpload, i;
  mtype outcome;

end_there_is_one:
  do
  :: atomic { epochOfUpload == 0 && uploads < SEGMENTS -> upload(); epochOfUpload = NO_EPOCH }  /* begun before it knows of any head */
  :: atomic { epochOfUpload != 0 && head.dead -> readHead() };
     if
#ifdef MUTANT_CREATION_KEEPS_ITS_UPLOAD
     :: true -> skip
#else
     :: epochOfUpload == base.epoch -> skip
     :: epochOfUpload != base.epoch && uploads == SEGMENTS -> break     /* no more to play with */
     :: atomic { epochOfUpload != base.epoch && uploads < SEGMENTS -> upload(); epochOfUpload = base.epoch }
#endif
     fi;
     atomic { keepHead(); next.version = base.version + 1; next.horizon = next.version; next.names = 1 << own; next.dead = false };
     swap(IMPORTER);
     if
     :: outcome == Lost -> skip
     :: else -> break
     fi
  od
}
#endif

init
{
  atomic {
    head.tag = 1;
    head.version = 1;
    head.epoch = 1;
    head.horizon = 1;
    head.names = 1;
    namesOf[1] = 1;
    stored = 1;
    uploads = 1;
    run Store();
    run Writer(WRITER);
#if WRITERS > 1
    run Writer(WRITER + 1);
#endif
    run Collector(COLLECTOR);
#if COLLECTORS > 1
    run Collector(COLLECTOR + 1);
#endif
#ifdef PINS
    run Pinner();
#endif
#ifdef READER
    run Reader();
#endif
#ifdef IMPORT
    run Deleter();
    run Importer();
#endif
  }
}
