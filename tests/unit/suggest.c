/* Did you mean …? Near words are offered, far ones are not. */
#include "hamon/suggest.h"

#include <criterion/criterion.h>
#include <string.h>

static const char *nearest(const char *word) {
	static const char *const known[] = {"status", "takeover", "standdown", "pause", "resume", "reload", "ip", "run"};
	struct suggest s;
	suggest_init(&s, word);
	for (size_t i = 0; i < sizeof known / sizeof *known; i++)
		suggest_offer(&s, known[i]);
	return s.best ? s.best : "";
}

Test(suggest, near_words) {
	static const char *const cases[][2] = {
		{"status", "status"},      {"statsu", "status"},    {"sttus", "status"},
		{"take-over", "takeover"}, {"takover", "takeover"}, {"stand-down", "standdown"},
		{"puase", "pause"},        {"relaod", "reload"},    {"pi", "ip"},
		{"Status", "status"},      {"rum", "run"},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		cr_expect_str_eq(nearest(cases[i][0]), cases[i][1], "%s", cases[i][0]);
}

Test(suggest, far_words_are_not_offered) {
	static const char *const cases[] = {"",
					    "frobnicate",
					    "xyz",
					    "starts-with-s",
					    "status-and-much-more",
					    "a word so long that nobody can have meant one of ours by it"};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		cr_expect_str_empty(nearest(cases[i]), "%s", cases[i]);
}

/* The distance counts one for each letter added, lost, changed, and for each pair swapped. */
Test(suggest, distances) {
	static const struct {
		const char *word, *known;
		unsigned distance;
	} cases[] = {{"heartbeat", "heartbeat", 0}, {"heartbaet", "heartbeat", 1},  {"heartbeta", "heartbeat", 1},
		     {"hartbeat", "heartbeat", 1},  {"heartbeatt", "heartbeat", 1}, {"haertbaet", "heartbeat", 2},
		     {"meartbeas", "heartbeat", 2}, {"artbeat", "heartbeat", 2}};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct suggest s;
		suggest_init(&s, cases[i].word);
		suggest_offer(&s, cases[i].known);
		cr_assert_not_null(s.best, "%s", cases[i].word);
		cr_expect_eq(s.distance, cases[i].distance, "%s", cases[i].word);
	}
}
