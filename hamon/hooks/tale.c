/* Commands in words, as tale.h says. */
#include "hamon/hooks/tale.h"

#include <inttypes.h>
#include <string.h>
#include <sys/wait.h>

#include "hamon/words.h"

bool tale_ended_well(const struct message_ran *ran) {
	return !ran->timed_out && ran->status == 0;
}

void tale_line(const struct message_said *said, char out[static NOTE_TEXT]) {
	struct words words = words_in(out, NOTE_TEXT);
	words_add(&words, "%s command: ", run_name((enum run)said->run));
	if (said->dropped > 0)
		words_add(&words, "(%" PRIu32 " more) ", said->dropped);
	words_add(&words, "%s", said->text);
}

/* Where it was not run, or lost, the reason is all there is to say. */
void tale_end(const struct message_ran *ran, char out[static NOTE_TEXT]) {
	struct words words = words_in(out, NOTE_TEXT);
	words_add(&words, "the %s command ", run_name((enum run)ran->run));
	if (ran->timed_out)
		words_add(&words, "did not end in time and is killed");
	else if (ran->status < 0)
		words_add(&words, "%s", ran->text);
	else if (WIFSIGNALED(ran->status))
		words_add(&words, "was killed by signal %d (%s)", WTERMSIG(ran->status), strsignal(WTERMSIG(ran->status)));
	else
		words_add(&words, "ended with status %d", WEXITSTATUS(ran->status));
	if (!ran->timed_out && ran->status < 0)
		return;
	words_add(&words, " after ");
	words_span(&words, ran->took_ns);
	if (ran->text[0])
		words_add(&words, ": %s", ran->text);
}
