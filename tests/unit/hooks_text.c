/* A command's output on its way to the log, and what the log says of it. */
#include <criterion/criterion.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

#include "hamon/hooks/lines.h"
#include "hamon/hooks/tale.h"

/* ---- lines ---- */

static struct lines lines;
static char got[4096];

static void take(void *arg, const char *line) {
	(void)arg;
	size_t n = strlen(got);
	snprintf(got + n, sizeof(got) - n, "%s|", line);
}

static void feed(const char *bytes) {
	lines_feed(&lines, bytes, strlen(bytes), take, NULL);
}

Test(hooks_text, lines_come_whole_whatever_the_pieces) {
	feed("one\ntw");
	cr_assert_str_eq(got, "one|");
	feed("o\nthree");
	cr_assert_str_eq(got, "one|two|");
	lines_end(&lines, take, NULL);
	lines_end(&lines, take, NULL);
	cr_assert_str_eq(got, "one|two|three|");
}

Test(hooks_text, empty_lines_are_none_and_what_cannot_be_printed_is_not) {
	feed("\n \t\r\na\tb \r\n\x1b[31mred\xc3\xbc\n");
	cr_assert_str_eq(got, "a b|?[31mred??|");
	lines_feed(&lines, "x\0y\n", 4, take, NULL);
	cr_assert_str_eq(got, "a b|?[31mred??|x?y|");
}

Test(hooks_text, a_line_is_cut_at_its_bound_and_the_next_one_is_whole) {
	char longest[LINES_TEXT + 16], expected[sizeof(longest) + 16];
	memset(longest, 'x', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = '\0';
	feed(longest);
	feed("\nnext\n");
	snprintf(expected, sizeof(expected), "%.*s|next|", LINES_TEXT - 1, longest);
	cr_assert_str_eq(got, expected);
}

/* ---- tales ---- */

Test(hooks_text, every_end_reads_as_a_sentence) {
	static const struct {
		struct message_ran ran;
		bool well;
		const char *sentence;
	} cases[] = {
		{{.run = RUN_PRIMARY, .status = W_EXITCODE(0, 0), .took_ns = 1200 * MSEC},
		 true,
		 "the primary command ended with status 0 after 1200 ms"},
		{{.run = RUN_BEFORE_PRIMARY, .status = W_EXITCODE(3, 0), .took_ns = 15 * SEC, .text = "no disk"},
		 false,
		 "the before-primary command ended with status 3 after 15.0 s: no disk"},
		{{.run = RUN_BACKUP, .status = W_EXITCODE(0, SIGSEGV), .took_ns = MSEC},
		 false,
		 "the backup command was killed by signal 11 (Segmentation fault) after 1.0 ms"},
		{{.run = RUN_FENCE, .status = -1, .timed_out = 1, .took_ns = 20 * SEC, .text = "asking the switch"},
		 false,
		 "the fence command did not end in time and is killed after 20.0 s: asking the switch"},
		{{.run = RUN_FAULT, .status = -1, .text = "was not run: nobody waits for it any more"},
		 false,
		 "the fault command was not run: nobody waits for it any more"},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char text[NOTE_TEXT];
		tale_end(&cases[i].ran, text);
		cr_expect_str_eq(text, cases[i].sentence);
		cr_expect_eq(tale_ended_well(&cases[i].ran), cases[i].well);
	}
}

Test(hooks_text, a_line_bears_its_commands_name_and_what_was_left_out) {
	char text[NOTE_TEXT];
	struct message_said said = {.run = RUN_QUIESCE, .text = "hello"};
	tale_line(&said, text);
	cr_expect_str_eq(text, "quiesce command: hello");
	said.dropped = 7;
	tale_line(&said, text);
	cr_expect_str_eq(text, "quiesce command: (7 more) hello");
}

Test(hooks_text, the_longest_line_fits_behind_any_commands_name) {
	char text[NOTE_TEXT];
	for (int run = 0; run < RUN__COUNT; run++) {
		struct message_said said = {.run = run};
		memset(said.text, 'x', LINES_TEXT - 1);
		tale_line(&said, text);
		cr_expect_eq(strlen(text), strlen(run_name((enum run)run)) + strlen(" command: ") + LINES_TEXT - 1, "%s",
			     text);
	}
}
