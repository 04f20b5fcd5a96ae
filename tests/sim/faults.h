/* What befalls the world. draw.c draws the seed; topology.c the wires; faults.c what strikes a node; operators.c
 * what is asked of it; adversary.c places pauses where they hurt most. */
#ifndef SIM_FAULTS_H
#define SIM_FAULTS_H

#include "tests/sim/world.h"

enum { SHARED_IPS = 3, SHARED_DIGEST = 2 };
/* Boot numbers that the wall clock of a year gives; seeds have fewer. */
#define FAULTS_YEAR INT64_C(1000000)

/* ---- draw.c ---- */
/* Draws the seed's configuration and mood, and posts the first happenings. */
void draw_seed(struct world *w);

/* ---- topology.c ---- */
/* All wires whole, all test IPs reached. */
void topology_whole(struct world *w);
void topology_draw(struct world *w);
/* When the next is drawn. */
void topology_plan(struct world *w);
/* The one that stays until the heal: every kind of standstill must end by itself. */
void topology_calm(struct world *w);
/* One direction of the wires is cut, ARP's with the heartbeats', the reflected ones as well. */
void topology_mute(struct world *w, unsigned from, bool is_mute);
/* N1 held again some time ago: two owners beyond what is promised have ended, or end now. */
void topology_rearm(struct world *w);

/* ---- faults.c ---- */
void faults_count(struct world *w, enum mishap mishap);
/* Nothing may be asked of the pair that this fault, which lasts until then, excuses. */
void faults_disturb(struct world *w, true_t until);
/* A happening of this life of the node. */
void faults_post(struct world *w, enum happening_type type, unsigned node, true_t at);
/* HAPPEN_PURGE, _THAW, _JIFFIES, _OPERATOR, _UNCUT, _TOPOLOGY, _FAULT, _CALM, _HEAL, _REARM. */
void faults_happen(struct world *w, const struct happening *it);
/* Somebody deletes the table. */
void faults_flush(struct world *w, struct host *host);
void faults_power_off(struct world *w, struct host *host);
/* Is there nothing that keeps this node from serving, as far as anybody outside can tell? */
bool faults_could_serve(const struct world *w, const struct host *host);

/* ---- operators.c ---- */
void operators_ask(struct world *w, struct host *host, enum verb verb, bool force);
/* One of their verbs. */
void operators_strike(struct world *w, struct host *host, enum mishap mishap);
/* They read the notes. What only the core can tell to have happened is counted by them. */
void operators_noted(struct world *w, struct host *host, const struct note *note);

/* ---- adversary.c ---- */
enum freeze {
	FREEZE_MONITOR, /* the monitor does not run, and nobody sees a reason */
	FREEZE_SERVICE, /* all processes of the node are stopped */
	FREEZE_MACHINE, /* the whole machine stands still */
	FREEZE_JIFFIES, /* and after the thaw its jiffies stand still for up to J more */
};
/* What it names stands still for so long. */
void adversary_freeze(struct world *w, struct host *host, span_t length, enum freeze freeze);
/* A length that means something to these timers. */
span_t adversary_pause(struct world *w, const struct timers *t);
/* The node is about to carry this act out, or to look at what comes next (NULL): shall it be frozen before? */
void adversary_tempt(struct world *w, struct host *host, const struct action *act);
/* The node's kernel set a lease: shall its jiffies stand still as it ends? */
void adversary_lease_set(struct world *w, struct host *host);
void adversary_jiffies(struct world *w, struct host *host);
/* An operator asked this node to take over: let the request be heard, or answered, late. */
void adversary_request(struct world *w, struct host *host);
/* The adversary hears every heartbeat as it leaves. */
void adversary_overhear(struct world *w, struct host *from, const struct heartbeat *hb);

#endif
