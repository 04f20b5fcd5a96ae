/* What the core's files tell one another; nobody else includes it. A file a subject:
 *   core.c          the contract: init, step, deadline, reload        peer.c         what we believe of the peer
 *   lease.c         may it be renewed? grant, lapse, drop             claim.c        who may claim, and the claim
 *   handover.c      want, release, offer; the operator's verbs        conflict.c     both hold: who stays
 *   connectivity.c  test IPs and policy                               speak.c        heartbeats out
 *   serve.c         addresses and announcements                       transition.c   the states people see, recorded
 *   evidence.c      who claims the shared IPs on the wire             gate.c         fence and before-primary command
 *   damping.c       hold-down after failovers                         reflect.c      when heartbeats go by the test IPs
 *   fitness.c       how well this node could serve                    facts.c        what stands against a takeover
 *   epoch.c         parity, adoption, reserve                         status.c, names.c, timers.c */
#ifndef HAMON_CORE_PARTS_H
#define HAMON_CORE_PARTS_H

#include "hamon/core/state.h"

/* ---- core.c ---- */
/* Appends an action, zeroed but for its type. More than CORE_ACTIONS is our bug. */
struct action *core_act(struct actions *actions, enum action_type type);
/* Is automatic failover in force: on, not paused, backup operations on? */
bool core_automatic(const struct core *core);
/* What this step did, for the transition that may follow; the first to speak is right. */
void core_because(struct core *core, enum cause cause);

/* ---- epoch.c ---- */
/* Epochs have parity, so that two claims never bear the same one. */
bool epoch_owned(const struct core *core); /* owner(seen) is this node */
uint64_t epoch_next(const struct core *core);
bool epoch_available(const struct core *core); /* is the next one within the reserve? */
void epoch_adopt(struct core *core, mono_t now, uint64_t seen, struct actions *actions);
void epoch_reserve(struct core *core, mono_t now, struct actions *actions);
void epoch_reserved(struct core *core, mono_t now, int error, uint64_t reserved, struct actions *actions);

/* ---- peer.c ---- */
void peer_heartbeat(struct core *core, mono_t now, const struct heartbeat *hb, mono_t rx, unsigned link,
		    struct actions *actions);
bool peer_fresh(const struct core *core, mono_t now, mono_t echo); /* FRESH */
bool peer_unheard(const struct core *core, mono_t now);            /* now - prx > W */
bool peer_late(const struct core *core, mono_t now);               /* now - prx > 1.5 h */
bool peer_suspect(const struct core *core, mono_t now);            /* the same by the longer of both intervals */
bool peer_answers(const struct core *core, mono_t now);            /* says, and echoes freshly: FRESH(pecho) */
bool peer_holds(const struct core *core);                          /* pm.lease */
bool peer_differs(const struct core *core);                        /* it was told another configuration */
mono_t peer_silent_since(const struct core *core);                 /* max(prx, start, stall, last_deaf) */
span_t peer_late_after(const struct core *core);                   /* 1.5 h */

/* ---- connectivity.c ---- */
void connectivity_answer(struct core *core, unsigned slot, mono_t sent);
void connectivity_tick(struct core *core, mono_t now, struct actions *actions);
bool connectivity_fit(const struct core *core, mono_t now);    /* FIT: by answers to requests sent at most F ago */
bool connectivity_proven(const struct core *core, mono_t now); /* unbroken for H */
span_t connectivity_slow_limit(const struct core *core);       /* so long may two nodes' slow verdicts differ */
bool connectivity_slow(const struct core *core, mono_t now);   /* the slow verdict */
uint16_t connectivity_fresh_mask(const struct core *core, mono_t now);
uint16_t connectivity_slow_mask(const struct core *core, mono_t now);
uint16_t connectivity_proven_mask(const struct core *core, mono_t now);
bool connectivity_slow_one(const struct core *core, mono_t now, unsigned slot);
void connectivity_reload(struct core *core, mono_t now, uint16_t changed);

/* ---- fitness.c ---- */
enum { FITNESS_NONE = 0, FITNESS_ILL = 50, FITNESS_FULL = 100 };
uint16_t fitness_now(const struct core *core, mono_t now);
void fitness_health(struct core *core, mono_t now, bool ok, struct actions *actions);
void fitness_reload(struct core *core);

/* ---- evidence.c ---- */
void evidence_holder(struct core *core, mono_t now, unsigned slot, mono_t rx, struct actions *actions);
void evidence_stranger(struct core *core, mono_t now, unsigned slot, mono_t rx, struct actions *actions);
/* Somebody bears a shared IP: an answer so fresh that it outweighs the peer's silence. */
bool evidence_held(const struct core *core, mono_t now);
bool evidence_strange(const struct core *core, mono_t now); /* the newest claim of a stranger still counts */
void evidence_tick(struct core *core, mono_t now, struct actions *actions);
void evidence_clear(struct core *core);

/* ---- gate.c ---- */
/* May a claim on this ground go on? Starts the commands that have to be asked. */
bool gate_pass(struct core *core, mono_t now, enum cause ground, struct actions *actions);
/* The before-primary command's word alone, for a request that is to be made; asks for it. */
bool gate_agrees(struct core *core, mono_t now, struct actions *actions);
void gate_ran(struct core *core, mono_t now, enum run run, uint32_t id, bool ok, struct actions *actions);
void gate_tick(struct core *core, mono_t now, struct actions *actions);
void gate_heard(struct core *core); /* the peer's silence is over: a fence is for one silence */
void gate_clear(struct core *core);
void gate_reload(struct core *core);
bool gate_open(const struct core *core, mono_t now);  /* the before-primary command agrees, or there is none */
bool gate_fenced(const struct core *core);            /* as far as is asked for */
bool gate_waits(const struct core *core, mono_t now); /* for a command, or for the fence's delay */

/* ---- damping.c ---- */
void damping_count(struct core *core, mono_t now, struct actions *actions);
span_t damping_delay(const struct core *core);
void damping_tick(struct core *core, mono_t now);
void damping_clear(struct core *core);

/* ---- reflect.c ---- */
void reflect_heard(struct core *core, mono_t now, const struct heartbeat *hb, mono_t rx, unsigned slot);
/* The links that a heartbeat decided now goes out on: all of our own, and the reflecting one when it is due. */
uint8_t reflect_links(struct core *core, mono_t now);
void reflect_tick(struct core *core, mono_t now, struct actions *actions);
bool reflect_unheard(const struct core *core, mono_t now); /* the peer is late on every link of our own */
bool reflect_arrives(const struct core *core, mono_t now); /* the peer's reached us lately */

/* ---- lease.c ---- */
bool lease_alone(const struct core *core, mono_t now); /* ALONE */
bool lease_may_renew(const struct core *core, mono_t now);
void lease_granted(struct core *core, mono_t decided);
void lease_renewed(struct core *core, mono_t now, mono_t decided);
void lease_lapse(struct core *core, mono_t now, struct actions *actions); /* now > est */
mono_t lease_renewed_at(const struct core *core);                         /* MONO_NEVER without a lease */
/* Drops lease and addresses, for this cause. No effect unless held. */
void lease_give_up(struct core *core, enum cause cause, struct actions *actions);
void lease_dropped(struct core *core, mono_t now, int error);
void lease_tick(struct core *core, mono_t now, struct actions *actions);

/* ---- claim.c ---- */
void claim_tick(struct core *core, mono_t now, struct actions *actions);
void claim_permitted(struct core *core, mono_t now, int error, struct actions *actions);
void claim_granted(struct core *core, mono_t now, enum sent result, mono_t decided, struct actions *actions);
void claim_abandon(struct core *core, enum cause cause, struct actions *actions);
bool claim_eligible(const struct core *core, mono_t now); /* ELIGIBLE */
bool claim_stranger(const struct core *core, mono_t now); /* somebody speaks for the peer with another key */
bool claim_regains(const struct core *core);
bool claim_misled(const struct core *core);  /* the peer's configuration differs, and that matters */
span_t claim_delay(const struct core *core); /* how much longer than D the peer must be silent */
mono_t claim_delayed_until(const struct core *core, span_t delay);

/* ---- conflict.c ---- */
void conflict_heard(struct core *core, mono_t now, struct actions *actions);
void conflict_granted(struct core *core, mono_t now, struct actions *actions);
void conflict_reserved(struct core *core, mono_t now, struct actions *actions);
void conflict_over(struct core *core, mono_t now);
/* Settles it by hand: this node is kept, or not. */
void conflict_keep(struct core *core, mono_t now, bool self, struct actions *actions);

/* ---- handover.c ---- */
void handover_tick(struct core *core, mono_t now, struct actions *actions);
void handover_verb(struct core *core, mono_t now, const struct event *event, struct actions *actions);
bool handover_offers(const struct core *core, mono_t now);
void handover_leave(struct core *core, struct actions *actions);

/* ---- speak.c ---- */
void speak_tick(struct core *core, mono_t now, struct actions *actions);
void speak_grant(struct core *core, mono_t now, struct actions *actions);
bool speak_deaf(const struct core *core, mono_t now);      /* DEAF */
bool speak_listening(const struct core *core, mono_t now); /* the first 3 h after the start */
mono_t speak_deadline(const struct core *core);

/* ---- serve.c ---- */
void serve_begin(struct core *core, struct actions *actions);
void serve_end(struct core *core, struct actions *actions);
void serve_added(struct core *core, mono_t now, int error, struct actions *actions);
void serve_removed(struct core *core, mono_t now, int error);
void serve_lost(struct core *core, mono_t now, const struct ip_set *lost, struct actions *actions);
void serve_announced(struct core *core, mono_t now, int error);
void serve_announce_again(struct core *core, mono_t now);
void serve_defend(struct core *core, mono_t now, unsigned slot, struct actions *actions);
void serve_tick(struct core *core, mono_t now, struct actions *actions);
void serve_reload(struct core *core, mono_t now, const struct ip_set *before, struct actions *actions);
mono_t serve_deadline(const struct core *core);

/* ---- fault.c ---- */
/* What an operator ends who wants this node to be primary. */
enum { FAULTS_FORGIVEN = FAULT_STANDDOWN | FAULT_VETO };
/* This node cannot serve: abandons a claim, drops the lease. */
void fault_set(struct core *core, mono_t now, enum fault fault, enum cause cause, struct actions *actions);
void fault_clear(struct core *core, enum fault fault, enum cause cause);
void fault_tick(struct core *core, mono_t now);

/* ---- transition.c ---- */
/* Is it only that we have not heard the peer? */
bool transition_is_silence(const struct core *core, mono_t now);
/* The one place where a change of state is recorded. Called once at the end of every step that may tell of it. */
void transition_settle(struct core *core, mono_t now, struct actions *actions);
struct note *transition_note(struct core *core, mono_t now, enum note_type type, struct actions *actions);
mono_t transition_dead_at(const struct core *core); /* when silence would let us claim */

#endif
