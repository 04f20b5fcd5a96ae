/* The configuration's commands. */
#include "hamon/node/parts.h"

void node_hooks_run(struct node *node, enum run run, uint32_t id) {
	struct event event = {.type = EV_RAN, .ran = {.run = run, .id = id, .ok = true}};

	node_event(node, &event);
}

void node_hooks_note(struct node *node, const struct note *note) {
	(void)node;
	(void)note;
}

void node_hooks_tick(struct node *node) {
	(void)node;
}

mono_t node_hooks_deadline(const struct node *node) {
	(void)node;
	return MONO_FAR;
}
