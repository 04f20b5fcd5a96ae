/* The commands that wait for their turn: strictly in order, a bounded number of them. */
#ifndef HAMON_HOOKS_QUEUE_H
#define HAMON_HOOKS_QUEUE_H

#include <stdbool.h>

#include "hamon/wire/message.h"

enum { QUEUE_ORDERS = 32 };

struct queue {
	unsigned first, n;
	struct message_run orders[QUEUE_ORDERS];
};

/* Appends a copy. True: the queue was full, its oldest order gave way and is in *dropped, which is untouched otherwise. */
bool queue_push(struct queue *queue, const struct message_run *order, struct message_run *dropped);

/* Takes the oldest. False: there is none, *order is untouched. */
bool queue_take(struct queue *queue, struct message_run *order);

#endif
