/* Heartbeats and claims for those who watch. */
#include "hamon/node/parts.h"

void node_frame_heartbeat(struct node *node, unsigned link, bool in, enum heartbeat_reject verdict,
			  const struct heartbeat *hb) {
	(void)node;
	(void)link;
	(void)in;
	(void)verdict;
	(void)hb;
}
