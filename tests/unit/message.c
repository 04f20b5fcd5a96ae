/* Messages between the processes: every type, every length that is not its own, and numbers that would be used as an
 * index. */
#include "hamon/wire/message.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

Test(message, each_type_is_accepted_with_its_own_length_alone) {
	for (unsigned type = 0; type < MSG__COUNT; type++) {
		struct message message = {0};
		size_t length = message_seal(&message, (enum message_type)type);
		cr_assert_geq(length, (size_t)MESSAGE_HEADER);
		cr_assert_leq(length, sizeof(message));
		cr_assert_eq(message_check(&message, length), 0, "%s", message_name((enum message_type)type));
		for (size_t received = 0; received <= sizeof(message); received++)
			if (received != length)
				cr_assert_eq(message_check(&message, received), -EPROTO, "%s with %zu bytes",
					     message_name((enum message_type)type), received);
	}
}

Test(message, a_stated_length_that_is_not_the_types_is_refused) {
	struct message message = {0};
	size_t length = message_seal(&message, MSG_RESERVE);
	message.length++;
	cr_assert_eq(message_check(&message, length), -EPROTO);
	cr_assert_eq(message_check(&message, length + 1), -EPROTO);
}

Test(message, strangers_are_refused) {
	struct message message = {0};
	size_t length = message_seal(&message, MSG_STOP);
	message.layout ^= 1;
	cr_assert_eq(message_check(&message, length), -EPROTO);
	length = message_seal(&message, MSG_STOP);
	message.type = MSG__COUNT;
	cr_assert_eq(message_check(&message, length), -EPROTO);
	message.type = UINT16_MAX;
	cr_assert_eq(message_check(&message, length), -EPROTO);
}

/* Seals the message and has it checked. */
static int judge(struct message *message, enum message_type type) {
	return message_check(message, message_seal(message, type));
}

Test(message, bodies_that_would_mislead_their_reader_are_refused) {
	static struct message message;
	message.start.orders.disabled_n = CORE_IPS + 1;
	cr_assert_eq(judge(&message, MSG_START), -EPROTO);
	message = (struct message){.orders.disabled_n = CORE_IPS};
	cr_assert_eq(judge(&message, MSG_OPERATOR), 0);
	message.orders.disabled_n++;
	cr_assert_eq(judge(&message, MSG_OPERATOR), -EPROTO);
	message = (struct message){.worker.kind = WORKER__COUNT};
	cr_assert_eq(judge(&message, MSG_WORKER), -EPROTO);
	message.worker.kind = -1;
	cr_assert_eq(judge(&message, MSG_WORKER), -EPROTO);
	memset(message.reload.text, 'x', sizeof(message.reload.text));
	cr_assert_eq(judge(&message, MSG_RELOADED), -EPROTO);
	cr_assert_eq(judge(&message, MSG_RELOAD_FAILED), -EPROTO);
}

Test(message, notes_with_unknown_numbers_are_refused) {
	static const struct note good = {.type = NOTE_INFO};
	struct message message = {.note.note = good};
	cr_assert_eq(judge(&message, MSG_NOTE), 0);
	message.note.note.type = NOTE__COUNT;
	cr_assert_eq(judge(&message, MSG_NOTE), -EPROTO);
	message.note.note = good;
	message.note.note.from = STATE__COUNT;
	cr_assert_eq(judge(&message, MSG_NOTE), -EPROTO);
	message.note.note = good;
	message.note.note.to = STATE__COUNT;
	cr_assert_eq(judge(&message, MSG_NOTE), -EPROTO);
	message.note.note = good;
	message.note.note.cause = CAUSE__COUNT;
	cr_assert_eq(judge(&message, MSG_NOTE), -EPROTO);
	message.note.note = good;
	memset(message.note.note.text, 'x', NOTE_TEXT);
	cr_assert_eq(judge(&message, MSG_NOTE), -EPROTO);
}

Test(message, commands_with_unknown_numbers_are_refused) {
	struct message message = {.run = {.run = RUN__COUNT - 1, .from = STATE__COUNT - 1, .to = 0, .cause = 0}};
	cr_assert_eq(judge(&message, MSG_RUN), 0);
	int32_t *const numbers[] = {&message.run.run, &message.run.from, &message.run.to, &message.run.cause};
	static const int32_t bounds[] = {RUN__COUNT, STATE__COUNT, STATE__COUNT, CAUSE__COUNT};
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		const int32_t wrong[] = {-1, bounds[i], INT32_MIN, INT32_MAX};
		for (size_t k = 0; k < sizeof(wrong) / sizeof(wrong[0]); k++) {
			*numbers[i] = wrong[k];
			cr_assert_eq(judge(&message, MSG_RUN), -EPROTO, "number %zu: %d", i, wrong[k]);
		}
		*numbers[i] = bounds[i] - 1;
		cr_assert_eq(judge(&message, MSG_RUN), 0);
	}
}

Test(message, what_a_command_said_is_of_a_known_one_and_has_an_end) {
	struct message message = {.ran = {.run = RUN_HEALTH}};
	cr_assert_eq(judge(&message, MSG_RAN), 0);
	message.ran.run = RUN__COUNT;
	cr_assert_eq(judge(&message, MSG_RAN), -EPROTO);
	message.ran.run = 0;
	memset(message.ran.text, 'x', sizeof(message.ran.text));
	cr_assert_eq(judge(&message, MSG_RAN), -EPROTO);
	message = (struct message){.said = {.run = -1}};
	cr_assert_eq(judge(&message, MSG_SAID), -EPROTO);
	message.said.run = RUN_FENCE;
	cr_assert_eq(judge(&message, MSG_SAID), 0);
	memset(message.said.text, 'x', sizeof(message.said.text));
	cr_assert_eq(judge(&message, MSG_SAID), -EPROTO);
}

Test(message, names_are_told_apart) {
	for (unsigned i = 0; i < MSG__COUNT; i++)
		for (unsigned k = 0; k < i; k++)
			cr_assert_str_neq(message_name((enum message_type)i), message_name((enum message_type)k));
	cr_assert_str_eq(worker_name(WORKER_REPORT), "report");
	cr_assert_str_eq(worker_name(WORKER_HOOKS), "hooks");
}
