/* The control socket against clients of every kind: real sockets in a folder of its own, time as we say it is. */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <json-c/json.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "hamon/control.h"

enum {
	NOBODY = 65534,
	OBSERVERS = 54321,
	OPERATORS = 54322,
	BIG_ANSWER = CONTROL_REPLY_MAX - 1024, /* more than a socket's buffer takes at once */
};

/* Nothing here takes this long; it ends a test that would hang. */
#define TEST_DEADLINE (20 * SEC)

static struct loop loop;
static struct control control;
static char dir[] = "/tmp/hamon-control-XXXXXX", path[64];
static mono_t now;

/* What the handler saw, and how it shall answer. */
static struct {
	unsigned requests;
	uint32_t client;
	struct control_request request;
	bool silent;
	size_t padding;
} seen;

static struct json_object *new_object(const char *key, const char *text) {
	struct json_object *object = json_object_new_object();
	json_object_object_add(object, key, json_object_new_string(text));
	return object;
}

static void handle(void *arg, uint32_t client, const struct control_request *request) {
	cr_assert_eq(arg, &seen);
	seen.requests++;
	seen.client = client;
	seen.request = *request;
	if (request->type == REQUEST_WATCH)
		control_stream(&control, client, request->frames ? CONTROL_FRAMES : CONTROL_PAIR,
			       new_object("at", "first"));
	if (seen.silent || request->type == REQUEST_WATCH)
		return;
	struct json_object *reply = reply_ok("%s", request_name(request->type));
	if (seen.padding) {
		char *text = calloc(1, seen.padding + 1);
		memset(text, 'x', seen.padding);
		json_object_object_add(reply, "padding", json_object_new_string(text));
		free(text);
	}
	control_reply(&control, client, reply);
}

static void open_socket(gid_t observers, gid_t operators) {
	cr_assert_eq(geteuid(), 0, "this test speaks to the daemon as root: it needs root");
	cr_assert(mkdtemp(dir));
	cr_assert_eq(chmod(dir, 0755), 0);
	snprintf(path, sizeof path, "%s/control.sock", dir);
	cr_assert_eq(loop_init(&loop), 0);
	cr_assert_eq(control_open(&control, &loop, path, observers, operators, handle, &seen), 0);
	now = control.now;
}

static void set_up(void) {
	open_socket(OBSERVERS, OPERATORS);
}

static void tear_down(void) {
	control_close(&control);
	loop_fini(&loop);
	rmdir(dir);
}

/* One wake of the daemon, `later` after the one before. */
static void wake(span_t later) {
	loop_wait(&loop, mono_now() + MSEC);
	loop_dispatch(&loop);
	now += later;
	control_tick(&control, now);
}

static int connect_client(void) {
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	memcpy(address.sun_path, path, strlen(path));
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	cr_assert_eq(connect(fd, (struct sockaddr *)&address, sizeof address), 0, "%s", strerror(errno));
	return fd;
}

static unsigned clients(void) {
	unsigned n = 0;
	for (unsigned i = 0; i < CONTROL_CLIENTS; i++)
		n += control.clients[i].phase != CONTROL_FREE;
	return n;
}

static bool readable(int fd) {
	struct pollfd poller = {.fd = fd, .events = POLLIN};
	return poll(&poller, 1, 0) > 0;
}

/* Wakes the daemon until `condition` holds. */
#define WAKE_UNTIL(condition)                                                                                              \
	do {                                                                                                               \
		mono_t deadline = mono_now() + TEST_DEADLINE;                                                              \
		while (!(condition)) {                                                                                     \
			cr_assert_lt(mono_now(), deadline, "never: %s", #condition);                                       \
			wake(CONTROL_ACCEPT_EVERY);                                                                        \
		}                                                                                                          \
	} while (0)

static void say(int fd, const char *text) {
	cr_assert_eq(send(fd, text, strlen(text), MSG_NOSIGNAL), (ssize_t)strlen(text));
}

/* The next line that the client is told, without its \n; "" when it was hung up on. */
static const char *hear(int fd) {
	static char line[CONTROL_REPLY_MAX + 1];
	size_t n = 0;
	for (;;) {
		WAKE_UNTIL(readable(fd));
		ssize_t got = recv(fd, line + n, 1, 0);
		if (got <= 0 || line[n] == '\n')
			break;
		n++;
	}
	line[n] = '\0';
	return line;
}

static int code_of(const char *line) {
	struct json_object *reply = json_tokener_parse(line);
	int code = json_object_get_boolean(json_object_object_get(reply, "ok"))
			   ? EXIT_OK
			   : json_object_get_int(json_object_object_get(reply, "code"));
	json_object_put(reply);
	return code;
}

static const char status_line[] = "{\"verb\":\"status\"}\n";

TestSuite(control, .init = set_up, .fini = tear_down);

Test(control, answers_a_request) {
	int fd = connect_client();
	say(fd, status_line);
	cr_assert_str_eq(hear(fd), "{\"ok\":true,\"text\":\"status\"}");
	close(fd);
	WAKE_UNTIL(clients() == 0);
}

Test(control, answers_later_and_hears_the_next_request) {
	int fd = connect_client();
	seen.silent = true;
	say(fd, "{\"verb\":\"takeover\",\"force\":true,\"reason\":\"cable \\\"A\\\"\"}\n");
	WAKE_UNTIL(seen.requests == 1);
	cr_assert_eq(seen.request.type, REQUEST_TAKEOVER);
	cr_assert(seen.request.force && !seen.request.dry_run);
	cr_assert_str_eq(seen.request.reason, "cable \"A\"");
	wake(10 * CONTROL_PATIENCE);
	cr_assert_eq(clients(), 1, "who waits for us is not overdue");
	control_reply(&control, seen.client, reply_ok("done"));
	cr_assert_eq(code_of(hear(fd)), EXIT_OK);
	seen.silent = false;
	say(fd, status_line);
	cr_assert_eq(code_of(hear(fd)), EXIT_OK);
	close(fd);
}

Test(control, a_request_may_come_in_pieces) {
	int fd = connect_client();
	say(fd, "{\"verb\":");
	wake(CONTROL_ACCEPT_EVERY);
	wake(CONTROL_ACCEPT_EVERY);
	cr_assert_eq(seen.requests, 0);
	say(fd, "\"resume\"}\n");
	cr_assert_eq(code_of(hear(fd)), EXIT_OK);
	cr_assert_eq(seen.request.type, REQUEST_RESUME);
	close(fd);
}

Test(control, an_oversize_request_is_refused_and_hung_up_on) {
	char blob[REQUEST_MAX + 2];
	int fd = connect_client();
	memset(blob, ' ', sizeof blob);
	blob[sizeof blob - 1] = '\0';
	say(fd, blob);
	cr_assert_eq(code_of(hear(fd)), EXIT_USAGE);
	cr_assert_str_empty(hear(fd));
	cr_assert_eq(clients(), 0);
	cr_assert_eq(seen.requests, 0);
	close(fd);
}

Test(control, the_largest_request_is_heard) {
	char line[REQUEST_MAX + 2];
	memset(line, ' ', sizeof line);
	memcpy(line, status_line, sizeof status_line - 2);
	line[REQUEST_MAX] = '\n';
	line[REQUEST_MAX + 1] = '\0';
	int fd = connect_client();
	say(fd, line);
	cr_assert_eq(code_of(hear(fd)), EXIT_OK);
	close(fd);
}

Test(control, garbage_is_refused_and_the_client_may_try_again) {
	int fd = connect_client();
	say(fd, "\x01\xff{{{\n");
	cr_assert_eq(code_of(hear(fd)), EXIT_USAGE);
	say(fd, status_line);
	cr_assert_eq(code_of(hear(fd)), EXIT_OK);
	cr_assert_eq(seen.requests, 1);
	close(fd);
}

Test(control, one_request_at_a_time) {
	int fd = connect_client();
	say(fd, "{\"verb\":\"status\"}\n{\"verb\":\"status\"}\n");
	cr_assert_eq(code_of(hear(fd)), EXIT_USAGE);
	cr_assert_str_empty(hear(fd));
	cr_assert_eq(seen.requests, 0);
	close(fd);
}

Test(control, a_slow_reader_is_dropped_and_harms_nobody) {
	int slow = connect_client(), other = connect_client();
	seen.padding = BIG_ANSWER;
	say(slow, status_line);
	WAKE_UNTIL(seen.requests == 1);
	seen.padding = 0;
	say(other, status_line);
	cr_assert_eq(code_of(hear(other)), EXIT_OK);
	cr_assert_eq(clients(), 2);
	wake(CONTROL_PATIENCE);
	wake(0);
	cr_assert_eq(control.dropped, 1);
	close(slow);
	close(other);
}

Test(control, a_patient_reader_gets_a_big_answer_whole) {
	int fd = connect_client();
	seen.padding = BIG_ANSWER;
	say(fd, status_line);
	cr_assert_gt(strlen(hear(fd)), BIG_ANSWER);
	close(fd);
}

Test(control, an_answer_that_does_not_fit_drops_only_its_client) {
	int fd = connect_client(), other = connect_client();
	seen.padding = CONTROL_REPLY_MAX;
	say(fd, status_line);
	cr_assert_str_empty(hear(fd));
	seen.padding = 0;
	say(other, status_line);
	cr_assert_eq(code_of(hear(other)), EXIT_OK);
	close(fd);
	close(other);
}

Test(control, a_silent_client_is_dropped) {
	int fd = connect_client();
	WAKE_UNTIL(clients() == 1);
	wake(CONTROL_PATIENCE);
	cr_assert_eq(clients(), 0);
	cr_assert_str_empty(hear(fd));
	close(fd);
}

Test(control, a_client_may_vanish_in_the_middle_of_its_request) {
	int fd = connect_client();
	say(fd, "{\"verb\":\"sta");
	WAKE_UNTIL(clients() == 1);
	close(fd);
	WAKE_UNTIL(clients() == 0);
	cr_assert_eq(seen.requests, 0);
}

Test(control, an_answer_to_a_client_that_left_reaches_nobody) {
	int fd = connect_client();
	seen.silent = true;
	say(fd, status_line);
	WAKE_UNTIL(seen.requests == 1);
	close(fd);
	WAKE_UNTIL(clients() == 0);
	int next = connect_client();
	say(next, status_line);
	WAKE_UNTIL(seen.requests == 2);
	control_reply(&control, seen.client - 1, reply_ok("for the one that left"));
	wake(0);
	cr_assert(!readable(next));
	control_reply(&control, seen.client, reply_ok("mine"));
	cr_assert_str_eq(hear(next), "{\"ok\":true,\"text\":\"mine\"}");
	close(next);
}

Test(control, a_half_closed_client_is_still_answered) {
	int fd = connect_client();
	seen.silent = true;
	say(fd, status_line);
	shutdown(fd, SHUT_WR);
	WAKE_UNTIL(seen.requests == 1);
	wake(CONTROL_PATIENCE);
	control_reply(&control, seen.client, reply_ok("late"));
	cr_assert_eq(code_of(hear(fd)), EXIT_OK);
	WAKE_UNTIL(clients() == 0);
	close(fd);
}

Test(control, too_many_clients_are_turned_away) {
	int fds[CONTROL_CLIENTS + 1];
	for (unsigned i = 0; i < CONTROL_CLIENTS; i++) {
		fds[i] = connect_client();
		WAKE_UNTIL(clients() == i + 1);
	}
	fds[CONTROL_CLIENTS] = connect_client();
	cr_assert_eq(code_of(hear(fds[CONTROL_CLIENTS])), EXIT_FAILED);
	cr_assert_str_empty(hear(fds[CONTROL_CLIENTS]));
	close(fds[0]);
	WAKE_UNTIL(clients() == CONTROL_CLIENTS - 1);
	int late = connect_client();
	say(late, status_line);
	cr_assert_eq(code_of(hear(late)), EXIT_OK);
	for (unsigned i = 1; i <= CONTROL_CLIENTS; i++)
		close(fds[i]);
	close(late);
}

Test(control, clients_are_let_in_and_heard_at_a_bounded_rate) {
	int one = connect_client(), two = connect_client();
	say(one, status_line);
	for (unsigned i = 0; i < 2 * CONTROL_CLIENTS; i++)
		wake(0);
	cr_assert_eq(clients(), 1);
	cr_assert_eq(seen.requests, 1);
	say(one, status_line);
	cr_assert_eq(control_deadline(&control), now + CONTROL_ACCEPT_EVERY);
	wake(CONTROL_ACCEPT_EVERY);
	wake(0);
	cr_assert_eq(clients(), 2);
	cr_assert_eq(seen.requests, 1);
	wake(CONTROL_REQUEST_EVERY);
	wake(0);
	cr_assert_eq(seen.requests, 2);
	close(one);
	close(two);
}

/* Clients that were let in, as many as there is room for, and asked all at once. */
static void ask_all(int fds[static CONTROL_CLIENTS]) {
	for (unsigned i = 0; i < CONTROL_CLIENTS; i++) {
		fds[i] = connect_client();
		WAKE_UNTIL(clients() == i + 1);
	}
	for (unsigned i = 0; i < CONTROL_CLIENTS; i++)
		say(fds[i], status_line);
}

Test(control, of_all_who_ask_at_once_one_is_heard_a_turn) {
	int fds[CONTROL_CLIENTS];
	ask_all(fds);
	for (unsigned heard = 1; heard <= CONTROL_CLIENTS; heard++) {
		for (unsigned i = 0; i < CONTROL_CLIENTS; i++)
			wake(0);
		cr_assert_eq(seen.requests, heard);
		cr_assert_leq(control_deadline(&control), now + CONTROL_TURN_EVERY, "nobody would wake us for the next");
		wake(CONTROL_TURN_EVERY);
	}
	for (unsigned i = 0; i < CONTROL_CLIENTS; i++) {
		cr_assert(readable(fds[i]), "client %u has no answer", i);
		cr_assert_eq(code_of(hear(fds[i])), EXIT_OK);
		close(fds[i]);
	}
}

Test(control, a_crowd_that_never_stops_asking_keeps_nobody_out) {
	unsigned answers[CONTROL_CLIENTS] = {0};
	int fds[CONTROL_CLIENTS];
	char line[64];
	ask_all(fds);
	for (unsigned turn = 0; turn < 3 * CONTROL_CLIENTS; turn++) {
		wake(0); /* as heartbeats wake it between the turns */
		wake(0);
		wake(CONTROL_TURN_EVERY);
		for (unsigned i = 0; i < CONTROL_CLIENTS; i++)
			if (readable(fds[i]) && recv(fds[i], line, sizeof line, 0) > 0) {
				answers[i]++;
				say(fds[i], status_line);
			}
	}
	for (unsigned i = 0; i < CONTROL_CLIENTS; i++) {
		cr_expect_geq(answers[i], 1, "client %u was not heard in three rounds", i);
		close(fds[i]);
	}
}

static unsigned resting(void) {
	unsigned n = 0;
	for (unsigned i = 0; i < CONTROL_CLIENTS; i++)
		n += control.clients[i].phase == CONTROL_RESTING;
	return n;
}

/* A client that asked right after another one, and rests unheard. */
static int ask_too_early(int *other) {
	*other = connect_client();
	WAKE_UNTIL(clients() == 1);
	int fd = connect_client();
	WAKE_UNTIL(clients() == 2);
	say(*other, status_line);
	for (unsigned i = 0; i < CONTROL_CLIENTS && seen.requests == 0; i++)
		wake(0);
	say(fd, status_line);
	for (unsigned i = 0; i < CONTROL_CLIENTS && resting() < 2; i++)
		wake(0);
	cr_assert_eq(resting(), 2);
	cr_assert_eq(seen.requests, 1);
	return fd;
}

Test(control, who_half_closes_while_he_rests_is_answered) {
	int other, fd = ask_too_early(&other);
	shutdown(fd, SHUT_WR);
	wake(0);
	cr_assert_eq(clients(), 2);
	cr_assert_eq(code_of(hear(fd)), EXIT_OK);
	cr_assert_eq(seen.requests, 2);
	WAKE_UNTIL(clients() == 1);
	close(fd);
	close(other);
}

Test(control, who_hangs_up_while_he_rests_is_gone_and_what_he_asked_is_not_done) {
	int other, fd = ask_too_early(&other);
	close(fd);
	WAKE_UNTIL(clients() == 1);
	cr_assert_eq(code_of(hear(other)), EXIT_OK);
	say(other, status_line);
	cr_assert_eq(code_of(hear(other)), EXIT_OK);
	cr_assert_eq(seen.requests, 2);
	close(other);
}

/* ---- watchers ---- */

static const char watch_line[] = "{\"verb\":\"watch\"}\n", watch_frames_line[] = "{\"verb\":\"watch\",\"frames\":true}\n";

/* A client that has heard its first line. */
static int watcher(const char *asks) {
	int fd = connect_client();
	say(fd, asks);
	cr_assert_str_eq(hear(fd), "{\"at\":\"first\"}");
	return fd;
}

static void push_number(enum control_topic topic, unsigned number) {
	char text[16];
	snprintf(text, sizeof text, "%u", number);
	control_push(&control, topic, new_object("at", text));
}

Test(control, a_watcher_is_told_each_line_of_its_topic) {
	cr_assert_not(control_watched(&control, CONTROL_PAIR) || control_watched(&control, CONTROL_FRAMES));
	push_number(CONTROL_FRAMES, 0);
	int pair = watcher(watch_line), frames = watcher(watch_frames_line);
	cr_assert(control_watched(&control, CONTROL_PAIR) && control_watched(&control, CONTROL_FRAMES));
	push_number(CONTROL_FRAMES, 1);
	push_number(CONTROL_PAIR, 2);
	push_number(CONTROL_FRAMES, 3);
	cr_assert_str_eq(hear(frames), "{\"at\":\"1\"}");
	cr_assert_str_eq(hear(frames), "{\"at\":\"3\"}");
	cr_assert_str_eq(hear(pair), "{\"at\":\"2\"}");
	wake(10 * CONTROL_PATIENCE);
	push_number(CONTROL_PAIR, 4);
	cr_assert_str_eq(hear(pair), "{\"at\":\"4\"}", "a watcher is never overdue");
	close(pair);
	close(frames);
}

Test(control, lines_go_out_together_and_the_loop_is_woken_for_them) {
	int fd = watcher(watch_line);
	wake(CONTROL_ACCEPT_EVERY);
	cr_assert_eq(control_deadline(&control), MONO_FAR, "nothing is to be told");
	push_number(CONTROL_PAIR, 1);
	push_number(CONTROL_PAIR, 2);
	cr_assert_eq(control_deadline(&control), now + CONTROL_STREAM_EVERY);
	wake(CONTROL_STREAM_EVERY - 1);
	cr_assert_not(readable(fd));
	wake(1);
	char both[64] = "";
	cr_assert_gt(recv(fd, both, sizeof both - 1, 0), 0);
	cr_assert_str_eq(both, "{\"at\":\"1\"}\n{\"at\":\"2\"}\n");
	cr_assert_eq(control_deadline(&control), MONO_FAR);
	close(fd);
}

static unsigned number_of(const char *line, const char *key) {
	struct json_object *object = json_tokener_parse(line), *value = NULL;
	cr_assert(object, "no line: %s", line);
	unsigned number = json_object_object_get_ex(object, key, &value) ? (unsigned)json_object_get_int(value) : 0;
	json_object_put(object);
	return number;
}

/* Until lines were missed; returns how many were pushed. */
static unsigned push_until_missed(const struct control_client *client, unsigned misses) {
	unsigned pushed = 0;
	while (client->missed < misses) {
		push_number(CONTROL_FRAMES, ++pushed);
		wake(CONTROL_STREAM_EVERY);
		cr_assert_lt(pushed, 10 * CONTROL_REPLY_MAX, "a watcher's buffer has no end");
	}
	return pushed;
}

Test(control, a_slow_watcher_misses_lines_and_is_told_how_many) {
	enum { MISSES = 7 };
	int slow = watcher(watch_frames_line);
	const struct control_client *client = &control.clients[CONTROL_CLIENTS - 1];
	cr_assert_eq(client->phase, CONTROL_STREAMING);
	unsigned pushed = push_until_missed(client, MISSES);
	cr_assert_eq(client->phase, CONTROL_STALLED);
	int other = watcher(watch_frames_line);
	push_number(CONTROL_FRAMES, ++pushed);
	cr_assert_eq(number_of(hear(other), "at"), pushed, "the others miss nothing");
	for (unsigned expected = 1; expected <= pushed - MISSES - 1; expected++) {
		const char *line = hear(slow);
		cr_assert_eq(number_of(line, "at"), expected);
		cr_assert_eq(number_of(line, "dropped"), 0);
	}
	WAKE_UNTIL(client->phase == CONTROL_STREAMING);
	push_number(CONTROL_FRAMES, ++pushed);
	const char *line = hear(slow);
	cr_assert_eq(number_of(line, "at"), pushed);
	cr_assert_eq(number_of(line, "dropped"), MISSES + 1, "%s", line);
	push_number(CONTROL_FRAMES, ++pushed);
	cr_assert_eq(number_of(hear(slow), "dropped"), 0, "told once");
	close(slow);
	close(other);
}

Test(control, a_watcher_that_hangs_up_is_gone) {
	int idle = watcher(watch_line), stalled = watcher(watch_frames_line);
	push_until_missed(&control.clients[CONTROL_CLIENTS - 2], 1);
	close(idle);
	WAKE_UNTIL(!control_watched(&control, CONTROL_PAIR));
	close(stalled);
	WAKE_UNTIL(clients() == 0);
	cr_assert_not(control_watched(&control, CONTROL_FRAMES));
	push_number(CONTROL_FRAMES, 1);
	int next = watcher(watch_frames_line);
	push_number(CONTROL_FRAMES, 2);
	cr_assert_str_eq(hear(next), "{\"at\":\"2\"}", "nothing is left of the one before");
	close(next);
}

Test(control, more_watchers_are_refused_and_may_ask_for_something_else) {
	int fds[CONTROL_WATCHERS];
	for (unsigned i = 0; i < CONTROL_WATCHERS; i++)
		fds[i] = watcher(i % 2 ? watch_line : watch_frames_line);
	int late = connect_client();
	say(late, watch_line);
	const char *line = hear(late);
	cr_assert_eq(code_of(line), EXIT_FAILED, "%s", line);
	cr_assert(strstr(line, "4 others watch already"), "%s", line);
	say(late, status_line);
	cr_assert_eq(code_of(hear(late)), EXIT_OK);
	close(fds[0]);
	WAKE_UNTIL(clients() == CONTROL_WATCHERS);
	say(late, watch_line);
	cr_assert_str_eq(hear(late), "{\"at\":\"first\"}");
	for (unsigned i = 1; i < CONTROL_WATCHERS; i++)
		close(fds[i]);
	close(late);
}

/* ---- who may do what: as other users, in processes of their own ---- */

struct user {
	const char *name;
	gid_t primary, supplementary;
	int status, takeover; /* the codes of their answers */
};

/* In a child that became `user`: asks both, and ends with 0 when the answers are as they should be. */
static void ask_as(const struct user *user) {
	const struct {
		const char *line;
		int code;
	} asked[] = {{status_line, user->status}, {"{\"verb\":\"takeover\"}\n", user->takeover}};
	if (setgroups(1, &user->supplementary) < 0 || setgid(user->primary) < 0 || setuid(NOBODY) < 0)
		_exit(100);
	for (unsigned i = 0; i < 2; i++) {
		char answer[1024] = "";
		int fd = connect_client();
		/* Whoever may not talk at all is turned away before he spoke. */
		if (send(fd, asked[i].line, strlen(asked[i].line), MSG_NOSIGNAL) < 0 && errno != EPIPE)
			_exit(101);
		if (recv(fd, answer, sizeof answer - 1, 0) <= 0)
			_exit(102);
		if (code_of(answer) != asked[i].code)
			_exit(103 + (int)i);
		close(fd);
	}
	_exit(0);
}

static int exit_of(pid_t child) {
	int status = 0;
	pid_t ended = 0;
	WAKE_UNTIL((ended = waitpid(child, &status, WNOHANG)) != 0);
	cr_assert_eq(ended, child);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

Test(control, peers_may_do_what_their_groups_may) {
	static const struct user users[] = {
		{"nobody", NOBODY, NOBODY, EXIT_NOT_PERMITTED, EXIT_NOT_PERMITTED},
		{"observer", OBSERVERS, NOBODY, EXIT_OK, EXIT_NOT_PERMITTED},
		{"observer by a supplementary group", NOBODY, OBSERVERS, EXIT_OK, EXIT_NOT_PERMITTED},
		{"operator", OPERATORS, NOBODY, EXIT_OK, EXIT_OK},
		{"operator by a supplementary group", NOBODY, OPERATORS, EXIT_OK, EXIT_OK},
	};
	cr_assert_eq(geteuid(), 0, "this test must run as root");
	for (unsigned i = 0; i < sizeof users / sizeof *users; i++) {
		pid_t child = fork();
		if (child == 0)
			ask_as(&users[i]);
		cr_assert_eq(exit_of(child), 0, "%s", users[i].name);
	}
}

/* As an observer: connects as often as there are clients, and counts who was let in, which ends when it is turned away. */
static void crowd(int say_when) {
	const gid_t group = OBSERVERS;
	/* The last also where a failed assertion ends the test without killing us. */
	if (setgroups(1, &group) < 0 || setuid(NOBODY) < 0 || prctl(PR_SET_PDEATHSIG, SIGKILL) < 0)
		_exit(100);
	int fds[CONTROL_CLIENTS];
	for (unsigned i = 0; i < CONTROL_CLIENTS; i++)
		fds[i] = connect_client();
	char line[512];
	ssize_t n = recv(fds[CONTROL_CLIENTS - 1], line, sizeof line - 1, 0);
	if (n <= 0 || write(say_when, "x", 1) != 1)
		_exit(101);
	pause();
}

Test(control, observers_leave_room_for_operators) {
	int ends[2];
	char byte;
	cr_assert_eq(geteuid(), 0, "this test must run as root");
	cr_assert_eq(pipe(ends), 0);
	pid_t child = fork();
	if (child == 0)
		crowd(ends[1]);
	WAKE_UNTIL(readable(ends[0]));
	cr_assert_eq(read(ends[0], &byte, 1), 1);
	cr_assert_eq(clients(), CONTROL_CLIENTS - CONTROL_RESERVED);
	int fd = connect_client();
	say(fd, status_line);
	cr_assert_eq(code_of(hear(fd)), EXIT_OK);
	close(fd);
	kill(child, SIGKILL);
	cr_assert_eq(exit_of(child), -1);
	WAKE_UNTIL(clients() == 0);
}

/* ---- the socket itself ---- */

static mode_t mode_of(const char *file) {
	struct stat status;
	cr_assert_eq(stat(file, &status), 0);
	return status.st_mode & 07777;
}

Test(control, a_leftover_socket_is_replaced_a_live_one_is_not) {
	struct control second;
	cr_assert_eq(control_open(&second, &loop, path, OBSERVERS, OPERATORS, handle, &seen), -EADDRINUSE);
	/* As after SIGKILL: the name stays, nobody listens. */
	loop_remove(&loop, control.fd);
	close(control.fd);
	control.fd = -1;
	control_close(&control);
	cr_assert_eq(access(path, F_OK), 0);
	cr_assert_eq(control_open(&control, &loop, path, OBSERVERS, OPERATORS, handle, &seen), 0);
	cr_assert_eq(mode_of(path), 0666);
}

Test(control_alone, without_groups_root_alone_connects) {
	open_socket(CONTROL_NO_GROUP, CONTROL_NO_GROUP);
	cr_assert_eq(mode_of(path), 0600);
	tear_down();
	cr_assert_neq(access(path, F_OK), 0);
}
