/* What befalls the world: the seed's draw, topologies, faults, operators, and the adversary, who knows what the nodes are
 * about to do and picks the worst moment. */
#ifndef SIM_FAULTS_H
#define SIM_FAULTS_H

#include "tests/sim/world.h"

/* Draws the seed's configuration and mood, and posts the first happenings. */
void faults_begin(struct world *w);

/* HAPPEN_PURGE, _JIFFIES, _OPERATOR, _UNCUT, _TOPOLOGY, _FAULT, _CALM, _HEAL, _REARM. */
void faults_happen(struct world *w, const struct happening *it);

/* The adversary hears every heartbeat as it leaves. */
void faults_overhear(struct world *w, struct host *from, const struct heartbeat *hb);

/* Is there nothing that keeps this node from serving, as far as anybody outside can tell? */
bool faults_could_serve(const struct world *w, const struct host *host);

#endif
