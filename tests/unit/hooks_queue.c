/* The hooks worker's queue: in order, bounded, the oldest gives way. */
#include "hamon/hooks/queue.h"

#include <criterion/criterion.h>

static struct queue queue;
static struct message_run out;

static bool push(uint32_t id) {
	return queue_push(&queue, &(struct message_run){.id = id}, &out);
}

Test(hooks_queue, orders_come_out_as_they_went_in) {
	cr_assert_not(queue_take(&queue, &out));
	for (uint32_t id = 1; id <= 3 * QUEUE_ORDERS; id += 2) { /* around the ring */
		cr_assert_not(push(id));
		cr_assert_not(push(id + 1));
		cr_assert(queue_take(&queue, &out));
		cr_assert_eq(out.id, id);
		cr_assert(queue_take(&queue, &out));
		cr_assert_eq(out.id, id + 1);
	}
	cr_assert_not(queue_take(&queue, &out));
}

Test(hooks_queue, a_full_one_drops_its_oldest) {
	for (uint32_t id = 1; id <= QUEUE_ORDERS; id++)
		cr_assert_not(push(id));
	cr_assert(push(QUEUE_ORDERS + 1));
	cr_assert_eq(out.id, 1);
	for (uint32_t id = 2; id <= QUEUE_ORDERS + 1; id++) {
		cr_assert(queue_take(&queue, &out));
		cr_assert_eq(out.id, id);
	}
	cr_assert_not(queue_take(&queue, &out));
}
