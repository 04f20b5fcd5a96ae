/* The queue, as queue.h says. */
#include "hamon/hooks/queue.h"

bool queue_take(struct queue *queue, struct message_run *order) {
	if (queue->n == 0)
		return false;
	*order = queue->orders[queue->first];
	queue->first = (queue->first + 1) % QUEUE_ORDERS;
	queue->n--;
	return true;
}

bool queue_push(struct queue *queue, const struct message_run *order, struct message_run *dropped) {
	bool full = queue->n == QUEUE_ORDERS && queue_take(queue, dropped);
	queue->orders[(queue->first + queue->n++) % QUEUE_ORDERS] = *order;
	return full;
}
