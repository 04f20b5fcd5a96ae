/* The command line, run in-process with its output caught; for verbs that ask, a daemon of straw answers what it is
 * told. */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/sockios.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "hamon/cli/cli.h"
#include "hamon/loop.h"

enum { ARGUMENTS = 16, OUTPUT = 1 << 16 };

static char out[OUTPUT], err[OUTPUT];

/* Points `fd` at a fresh memory file, and returns what it was. */
static int divert(int fd, int *file) {
	int saved = dup(fd);
	*file = memfd_create("caught", MFD_CLOEXEC);
	cr_assert(saved >= 0 && *file >= 0 && dup2(*file, fd) == fd);
	return saved;
}

static void restore(int fd, int saved, int file, char text[static OUTPUT]) {
	ssize_t n = pread(file, text, OUTPUT - 1, 0);
	cr_assert(n >= 0 && dup2(saved, fd) == fd);
	text[n] = '\0';
	close(saved);
	close(file);
}

/* What hamon prints into. */
enum sink { CAUGHT, FULL, CLOSED, BROKEN };

static void put_sink(enum sink sink) {
	int ends[2];
	switch (sink) {
	case CAUGHT:
		return;
	case FULL:
		ends[1] = open("/dev/full", O_WRONLY | O_CLOEXEC);
		break;
	case CLOSED:
		close(STDOUT_FILENO);
		return;
	case BROKEN:
		cr_assert_eq(pipe2(ends, O_CLOEXEC), 0);
		close(ends[0]);
		break;
	}
	cr_assert_eq(dup2(ends[1], STDOUT_FILENO), STDOUT_FILENO);
	close(ends[1]);
}

/* hamon with these words, NULL-terminated: its exit status, and its output in out[] and err[]. */
#define HAMON(...)            hamon_into(CAUGHT, (const char *const[]){__VA_ARGS__, NULL})
#define HAMON_INTO(sink, ...) hamon_into(sink, (const char *const[]){__VA_ARGS__, NULL})
static int hamon_into(enum sink sink, const char *const *words) {
	static char copies[ARGUMENTS][256];
	char *argv[ARGUMENTS + 1] = {(char[]){"hamon"}};
	int argc = 1, files[2];
	for (; words[argc - 1]; argc++) {
		cr_assert_lt(argc, ARGUMENTS);
		snprintf(copies[argc], sizeof copies[argc], "%s", words[argc - 1]);
		argv[argc] = copies[argc];
	}
	fflush(NULL);
	int saved_out = divert(STDOUT_FILENO, &files[0]), saved_err = divert(STDERR_FILENO, &files[1]);
	put_sink(sink);
	int code = cli_main(argc, argv);
	fflush(NULL);
	restore(STDOUT_FILENO, saved_out, files[0], out);
	restore(STDERR_FILENO, saved_err, files[1], err);
	return code;
}

static int hamon(const char *const *words) {
	return hamon_into(CAUGHT, words);
}

static const char *const verbs[] = {
	"run",   "status", "watch", "explain", "is-primary", "takeover",     "standdown",   "resolve", "abort", "clear",
	"pause", "resume", "ip",    "test",    "reload",     "check-config", "show-config", "genpsk",  "demo"};
enum { VERBS = sizeof verbs / sizeof *verbs };

/* ---- what needs no daemon ---- */

Test(cli, help_lists_every_verb) {
	cr_assert_eq(HAMON("--help"), EXIT_OK);
	for (unsigned i = 0; i < VERBS; i++) {
		char line[32];
		snprintf(line, sizeof line, "\n  %s ", verbs[i]);
		cr_expect(strstr(out, line), "%s", verbs[i]);
	}
	cr_expect_not(strstr(out, "_monitor"));
}

Test(cli, help_and_version_everywhere) {
	for (unsigned i = 0; i < VERBS; i++) {
		cr_expect_eq(HAMON(verbs[i], "--help"), EXIT_OK);
		cr_expect(strstr(out, verbs[i]) && *err == '\0');
		cr_expect_eq(HAMON(verbs[i], "--version"), EXIT_OK);
		cr_expect_str_eq(out, "hamon " HAMON_VERSION "\n");
	}
	cr_expect_eq(HAMON("--version"), EXIT_OK);
	cr_expect_str_eq(out, "hamon " HAMON_VERSION "\n");
}

Test(cli, bad_command_lines) {
	static const struct {
		const char *words[4], *says;
	} bad[] = {
		{{NULL}, "usage: hamon VERB"},
		{{"statis"}, "unknown verb statis: did you mean status?"},
		{{"frobnicate"}, "unknown verb frobnicate; `hamon --help` lists them"},
		{{"stat"}, "unknown verb stat"},
		{{"status", "--jsn"}, "unknown option --jsn: did you mean --json?"},
		{{"status", "--js"}, "unknown option --js"},
		{{"status", "-x"}, "unknown option -x"},
		{{"status", "--force"}, "status takes no option --force"},
		{{"status", "--json=1"}, "--json takes no value"},
		{{"status", "--cluster"}, "--cluster needs a value"},
		{{"status", "--cluster="}, "--cluster needs a value"},
		{{"status", "--timeout", "5"}, "--timeout: 5 is no length of time"},
		{{"pause", "--for", "0s"}, "--for: 0s is no length of time"},
		{{"status", "now"}, "usage: hamon status"},
		{{"ip", "enable"}, "usage: hamon ip enable|disable ADDRESS"},
		{{"ip", "on", "192.0.2.10"}, "ip on: enable or disable is meant"},
		{{"ip", "enable", "192.0.2.10/24"}, "is no address"},
		{{"test", "all"}, "test all: ips is meant"},
		{{"status", "-f", "/nonexistent"}, "/nonexistent"},
		{{"status", "--frames"}, "status takes no option --frames"},
		{{"status", "--keep"}, "status takes no option --keep"},
		{{"--keep", "resolve"}, "option --keep stands behind its verb"},
		{{"resolve", "--keep"}, "--keep needs a value: NODE"},
		{{"demo", "--keep=ha1"}, "--keep takes no value"},
		{{"resolf"}, "unknown verb resolf: did you mean resolve?"},
		{{"watch", "frames"}, "usage: hamon watch [OPTION"},
		{{"explain"}, "usage: hamon explain now"},
		{{"explain", "17"}, "explain says what holds now"},
	};
	for (unsigned i = 0; i < sizeof bad / sizeof *bad; i++) {
		cr_expect_eq(hamon(bad[i].words), EXIT_USAGE, "%s", bad[i].says);
		cr_expect(strstr(err, bad[i].says), "%s: %s", bad[i].says, err);
		cr_expect_str_empty(out, "%s", bad[i].says);
	}
}

Test(cli, genpsk_prints_a_fresh_key) {
	char first[OUTPUT];
	cr_assert_eq(HAMON("genpsk"), EXIT_OK);
	memcpy(first, out, sizeof first);
	cr_expect_eq(strspn(first, "0123456789abcdef"), 64);
	cr_expect_str_eq(first + 64, "\n");
	cr_assert_eq(HAMON("genpsk"), EXIT_OK);
	cr_expect_str_neq(out, first);
}

/* ---- a folder, and a daemon of straw in it ---- */

enum manner { ANSWERS, GOES_ON, HANGS, HANGS_UP };

/* Shared with the daemon's process. */
static struct straw {
	enum manner manner;
	char answer[4096];
	char asked[4096];   /* the last request */
	volatile int count; /* of requests */
	volatile bool read; /* the answer that goes on, so far */
} * straw;

static char dir[] = "/tmp/hamon-cli-XXXXXX";
static pid_t daemon_pid;

/* Until the client has taken all that it was sent (unix(7), SIOCOUTQ). False: it did not. */
static bool wait_taken(int fd) {
	const mono_t deadline = mono_now() + 20 * SEC;
	int unread = 1;
	while (ioctl(fd, SIOCOUTQ, &unread) == 0 && unread > 0 && mono_now() < deadline)
		usleep(1000);
	return unread == 0;
}

static void serve(int listener) {
	for (;;) {
		char line[sizeof straw->asked] = "";
		int fd = accept(listener, NULL, NULL);
		if (fd < 0 || recv(fd, line, sizeof line - 1, 0) <= 0)
			_exit(1);
		memcpy(straw->asked, line, sizeof line);
		straw->count++;
		if (straw->manner == ANSWERS || straw->manner == GOES_ON)
			send(fd, straw->answer, strlen(straw->answer), MSG_NOSIGNAL);
		if (straw->manner == GOES_ON) {
			straw->read = wait_taken(fd);
			pause();
		}
		if (straw->manner == HANGS)
			pause();
		close(fd);
	}
}

static void set_up(void) {
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	straw = mmap(NULL, sizeof *straw, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	cr_assert(straw != MAP_FAILED && mkdtemp(dir));
	snprintf(address.sun_path, sizeof address.sun_path, "%s/control.sock", dir);
	int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	cr_assert_eq(bind(listener, (struct sockaddr *)&address, sizeof address), 0);
	cr_assert_eq(listen(listener, 4), 0);
	daemon_pid = fork();
	if (daemon_pid == 0) {
		/* Also where a failed assertion ends the test without tear_down(). */
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		serve(listener);
	}
	close(listener);
}

static void tear_down(void) {
	char path[64];
	if (daemon_pid > 0) { /* not ended by the test itself */
		kill(daemon_pid, SIGKILL);
		waitpid(daemon_pid, NULL, 0);
		daemon_pid = 0;
	}
	snprintf(path, sizeof path, "%s/control.sock", dir);
	unlink(path);
	rmdir(dir);
}

static void answers(const char *text) {
	straw->manner = ANSWERS;
	snprintf(straw->answer, sizeof straw->answer, "%s\n", text);
}

TestSuite(cli_asks, .init = set_up, .fini = tear_down);

Test(cli_asks, each_verb_asks_for_what_it_is) {
	static const struct {
		const char *words[8], *asks;
	} table[] = {
		{{"takeover"}, "{\"verb\":\"takeover\",\"force\":false,\"dry_run\":false}\n"},
		{{"standdown", "--dry-run", "--reason", "new kernel", "-y"},
		 "{\"verb\":\"standdown\",\"force\":false,\"dry_run\":true,\"reason\":\"new kernel\"}\n"},
		{{"--force", "takeover", "--yes"}, "{\"verb\":\"takeover\",\"force\":true,\"dry_run\":false}\n"},
		{{"pause"}, "{\"verb\":\"pause\",\"for_ms\":0}\n"},
		{{"pause", "--for=2h"}, "{\"verb\":\"pause\",\"for_ms\":7200000}\n"},
		{{"resume", "-qv"}, "{\"verb\":\"resume\"}\n"},
		{{"ip", "disable", "2001:db8::10"}, "{\"verb\":\"ip\",\"address\":\"2001:db8::10\",\"enable\":false}\n"},
		{{"reload"}, "{\"verb\":\"reload\"}\n"},
		{{"resolve"}, "{\"verb\":\"resolve\"}\n"},
		{{"resolve", "--keep", "ha1"}, "{\"verb\":\"resolve\",\"keep\":\"ha1\"}\n"},
		{{"abort"}, "{\"verb\":\"abort\"}\n"},
		{{"clear"}, "{\"verb\":\"clear\"}\n"},
		{{"explain", "now"}, "{\"verb\":\"explain\"}\n"},
		{{"test", "ips"}, "{\"verb\":\"test-ips\"}\n"},
	};
	answers("{\"ok\":true,\"text\":\"well\"}");
	for (unsigned i = 0; i < sizeof table / sizeof *table; i++) {
		const char *words[ARGUMENTS] = {"--run-dir", dir};
		memcpy(words + 2, table[i].words, sizeof table[i].words);
		cr_expect_eq(hamon(words), EXIT_OK, "%s", err);
		cr_expect_str_eq(straw->asked, table[i].asks);
	}
}

Test(cli_asks, prints_the_sentence_its_details_and_the_json) {
	answers("{\"ok\":true,\"text\":\"half done\",\"details\":[\"links: needs a restart\"]}");
	cr_expect_eq(HAMON("reload", "--run-dir", dir), EXIT_OK);
	cr_expect_str_eq(out, "half done\n  links: needs a restart\n");
	cr_expect_eq(HAMON("reload", "--run-dir", dir, "--quiet"), EXIT_OK);
	cr_expect_str_empty(out);
	cr_expect_eq(HAMON("reload", "--run-dir", dir, "--json"), EXIT_OK);
	cr_expect_str_eq(out, straw->answer);
}

Test(cli_asks, an_error_has_its_exit_status_and_hint) {
	answers("{\"ok\":false,\"code\":4,\"error\":\"ha2 cannot be contacted\",\"hint\":\"--force goes on\"}");
	cr_expect_eq(HAMON("takeover", "--run-dir", dir), EXIT_REFUSED);
	cr_expect_str_eq(err, "hamon: ha2 cannot be contacted (--force goes on)\n");
	cr_expect_eq(HAMON("takeover", "--run-dir", dir, "--json"), EXIT_REFUSED);
	cr_expect_str_eq(out, straw->answer);
	answers("{\"ok\":false}");
	cr_expect_eq(HAMON("takeover", "--run-dir", dir), EXIT_FAILED);
}

Test(cli_asks, is_primary_answers_by_its_exit_status) {
	answers("{\"schema\":1,\"state\":\"primary\"}");
	cr_expect_eq(HAMON("is-primary", "--run-dir", dir), EXIT_OK);
	cr_expect_str_eq(out, "primary\n");
	answers("{\"schema\":1,\"state\":\"suspect\"}");
	cr_expect_eq(HAMON("is-primary", "--run-dir", dir), EXIT_FAILED);
	cr_expect_eq(HAMON("is-primary", "--run-dir", dir, "-q"), EXIT_FAILED);
	cr_expect_str_empty(out);
	answers("{\"ok\":false,\"code\":6,\"error\":\"no\"}");
	cr_expect_eq(HAMON("is-primary", "--run-dir", dir), EXIT_NOT_PERMITTED);
}

Test(cli_asks, is_primary_answers_though_its_word_cannot_be_written) {
	static const struct {
		enum sink sink;
		const char *says;
	} table[] = {
		{FULL, "hamon: standard output: No space left on device\n"},
		{CLOSED, "hamon: standard output: Bad file descriptor\n"},
		{BROKEN, ""},
	};
	signal(SIGPIPE, SIG_IGN);
	for (unsigned i = 0; i < sizeof table / sizeof *table; i++) {
		answers("{\"schema\":1,\"state\":\"primary\"}");
		cr_expect_eq(HAMON_INTO(table[i].sink, "is-primary", "--run-dir", dir), EXIT_OK);
		cr_expect_str_eq(err, table[i].says);
		cr_expect_eq(HAMON_INTO(table[i].sink, "is-primary", "--run-dir", dir, "-q"), EXIT_OK);
		cr_expect_str_empty(err);
		answers("{\"schema\":1,\"state\":\"suspect\"}");
		cr_expect_eq(HAMON_INTO(table[i].sink, "is-primary", "--run-dir", dir), EXIT_FAILED);
		cr_expect_str_eq(err, table[i].says);
		answers("{\"ok\":true,\"text\":\"well\"}");
		cr_expect_eq(HAMON_INTO(table[i].sink, "status", "--run-dir", dir, "--json"), EXIT_FAILED);
		cr_expect_str_eq(err, table[i].says);
	}
}

Test(cli_asks, watch_ends_quietly_when_its_reader_left) {
	answers("{\"ok\":true,\"text\":\"so it begins\"}");
	straw->manner = GOES_ON;
	signal(SIGPIPE, SIG_IGN);
	cr_expect_eq(HAMON_INTO(BROKEN, "watch", "--run-dir", dir), EXIT_FAILED);
	cr_expect_str_empty(err);
}

Test(cli_asks, what_is_opened_does_not_take_the_place_of_a_closed_output) {
	char path[64], text[128];
	snprintf(path, sizeof path, "%s/psk", dir);
	cr_expect_eq(HAMON_INTO(CLOSED, "genpsk", "-o", path), EXIT_FAILED);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = read(fd, text, sizeof text);
	close(fd);
	unlink(path);
	cr_expect_eq(n, 65, "%zd bytes", n);
}

Test(cli_asks, test_ips_that_none_answers_failed) {
	answers("{\"ok\":false,\"code\":1,\"error\":\"none of 1 test IPs answered\","
		"\"tests\":[{\"address\":\"192.0.2.1\",\"answered\":false}]}");
	cr_expect_eq(HAMON("test", "ips", "--run-dir", dir), EXIT_FAILED);
	cr_expect_str_eq(out, "192.0.2.1 no answer\n");
	cr_expect_str_eq(err, "hamon: none of 1 test IPs answered\n");
}

Test(cli_asks, no_daemon_is_not_reachable) {
	tear_down();
	cr_expect_eq(HAMON("status", "--run-dir", dir), EXIT_UNREACHABLE);
	cr_expect_eq(HAMON("is-primary", "--run-dir", dir), EXIT_UNREACHABLE);
	cr_expect_eq(HAMON("status", "--cluster", dir + 5), EXIT_UNREACHABLE);
	cr_expect(strstr(err, "/run/hamon/hamon-cli-"), "%s", err);
}

Test(cli_asks, the_file_names_the_cluster) {
	char path[64], text[64];
	snprintf(path, sizeof path, "%s/c.conf", dir);
	snprintf(text, sizeof text, "cluster = \"%s\"\nunknown = 1\n", dir + 5);
	int fd = open(path, O_CREAT | O_WRONLY, 0600);
	cr_assert_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	close(fd);
	cr_expect_eq(HAMON("status", "-f", path), EXIT_UNREACHABLE);
	cr_expect(strstr(err, dir + 5), "%s", err);
	unlink(path);
	cr_expect_eq(HAMON("status", "-f", path), EXIT_USAGE);
	cr_expect(strstr(err, "No such file"), "%s", err);
	cr_expect_eq(HAMON("status", "-f", dir), EXIT_USAGE);
	cr_expect(strstr(err, "Is a directory"), "%s", err);
}

Test(cli_asks, a_daemon_that_hangs_times_out) {
	straw->manner = HANGS;
	cr_expect_eq(HAMON("takeover", "--run-dir", dir, "--timeout", "50ms"), EXIT_TIMED_OUT);
	cr_expect(strstr(err, "the request goes on"), "%s", err);
}

Test(cli_asks, a_daemon_that_hangs_up_leaves_the_outcome_unknown) {
	straw->manner = HANGS_UP;
	cr_expect_eq(HAMON("takeover", "--run-dir", dir), EXIT_TIMED_OUT);
	cr_expect(strstr(err, "the outcome is unknown"), "%s", err);
	cr_expect_eq(HAMON("status", "--run-dir", dir), EXIT_UNREACHABLE);
}

Test(cli_asks, something_else_on_the_socket_is_no_daemon) {
	answers("220 mail.example.com ESMTP");
	cr_expect_eq(HAMON("takeover", "--run-dir", dir), EXIT_FAILED);
	cr_expect(strstr(err, "something else"), "%s", err);
}

Test(cli_asks, ctrl_c_says_that_the_request_goes_on) {
	int status;
	straw->manner = HANGS;
	pid_t asking = fork();
	if (asking == 0)
		_exit(HAMON("takeover", "--run-dir", dir) == EXIT_TIMED_OUT && strstr(err, "the request goes on") ? 0 : 1);
	/* As for anything here: it ends a test that would hang. */
	const mono_t deadline = mono_now() + 20 * SEC;
	while (straw->count == 0 && mono_now() < deadline)
		usleep(1000);
	kill(asking, SIGINT);
	cr_assert_eq(waitpid(asking, &status, 0), asking);
	cr_expect(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

Test(cli_asks, genpsk_makes_a_private_file_once) {
	char path[64], key[128] = "";
	struct stat made;
	snprintf(path, sizeof path, "%s/psk", dir);
	umask(0);
	cr_assert_eq(HAMON("genpsk", "-o", path), EXIT_OK);
	cr_assert_eq(stat(path, &made), 0);
	cr_expect_eq(made.st_mode & 07777, 0600);
	cr_expect_eq(HAMON("genpsk", "-o", path), EXIT_FAILED, "never over a file that is there");
	cr_expect(strstr(err, "File exists"), "%s", err);
	int fd = open(path, O_RDONLY);
	cr_assert_eq(read(fd, key, sizeof key), 65);
	close(fd);
	cr_expect_eq(strspn(key, "0123456789abcdef"), 64);
	unlink(path);
}

/* ---- status in words ---- */

Test(cli_asks, status_reads_well) {
	answers("{\"schema\":1,\"cluster\":\"edge\",\"health\":\"healthy\",\"node\":\"ha1\",\"state\":\"primary\","
		"\"since\":\"2026-07-25T17:20:00.204Z\",\"epoch\":42,"
		"\"peer\":{\"name\":\"ha2\",\"state\":\"backup\",\"heard\":true,\"heard_age_ms\":6.1,\"fitness\":100},"
		"\"links\":[{\"name\":\"eth0\",\"transport\":\"ethernet\",\"up\":true,\"heard_age_ms\":6.1,\"rtt_ms\":0.3,"
		"\"loss_percent\":1,\"gap_max_ms\":40},{\"name\":\"reflect\",\"transport\":\"reflect\",\"rate\":\"slow\","
		"\"up\":true}],"
		"\"ips\":[{\"address\":\"192.0.2.10/24\",\"interface\":\"eth0\",\"held\":true,\"enabled\":true,"
		"\"wanted\":true},"
		"{\"address\":\"192.0.2.20/24\",\"interface\":\"eth0\",\"held\":false,\"enabled\":false,\"wanted\":false}],"
		"\"lease\":{\"held\":true,\"in_kernel\":true,\"armed\":true,\"left_ms\":167.2,\"length_ms\":173,"
		"\"renewed_age_ms\":6.1,\"lowest_ms\":121,\"announced\":true,\"table\":\"hamon_1a2b3c4d\"},"
		"\"tests\":[{\"address\":\"192.0.2.1\",\"ok\":true,\"rtt_ms\":0.4}],\"policy\":\"majority\","
		"\"automatic\":true,\"backup_operations\":true,\"paused\":false,\"timers\":{\"within_ms\":500},"
		"\"warnings\":[\"the lease is warm\"]}");
	setenv("TZ", "UTC", 1);
	cr_expect_eq(HAMON("status", "--run-dir", dir), EXIT_OK);
	cr_expect_str_eq(out, "edge HEALTHY  ha1 = PRIMARY (this node) since 07-25 17:20:00, epoch 42\n"
			      "peer    ha2 backup, heard 6.1 ms ago, fitness 100\n"
			      "links   eth0 up, heard 6.1 ms ago, rtt 0.30 ms, loss 1 %, longest gap 40 ms | reflect up "
			      "(slow rate), never heard\n"
			      "IPs     192.0.2.10/24 eth0 held | 192.0.2.20/24 eth0 off\n"
			      "lease   armed, 173 ms, renewed 6.1 ms ago, lowest 121 ms\n"
			      "tests   1 of 1, policy majority | 192.0.2.1 0.40 ms\n"
			      "auto    on, failover within 500 ms\n"
			      "warning the lease is warm\n");
	cr_expect_eq(HAMON("status", "--run-dir", dir, "--quiet"), EXIT_OK);
	cr_expect_str_eq(out, "edge HEALTHY  ha1 = PRIMARY (this node) since 07-25 17:20:00, epoch 42\n");
}

Test(cli_asks, status_says_how_the_lease_stands) {
	static const struct {
		const char *lease, *line;
	} cases[] = {
		{"\"held\":false,\"in_kernel\":true,\"table\":\"hamon_1a2b3c4d\"",
		 "lease   not held | table hamon_1a2b3c4d\n"},
		{"\"held\":true,\"in_kernel\":true,\"length_ms\":173,\"renewed_age_ms\":6.1,\"lowest_ms\":173,"
		 "\"announced\":false,\"table\":\"hamon_1a2b3c4d\"",
		 "lease   armed, 173 ms, renewed 6.1 ms ago, lowest 173 ms, not announced yet | table hamon_1a2b3c4d\n"},
		{"\"held\":true,\"in_kernel\":false,\"length_ms\":173,\"renewed_age_ms\":6.1,\"lowest_ms\":121,"
		 "\"announced\":true,\"table\":null",
		 "lease   off: held by the daemon's own count, 173 ms, renewed 6.1 ms ago, lowest 121 ms\n"},
		{"\"held\":false,\"in_kernel\":false", "lease   off: not held\n"},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char status[512];
		snprintf(status, sizeof status, "{\"schema\":1,\"lease\":{%s}}", cases[i].lease);
		answers(status);
		cr_expect_eq(HAMON("status", "--run-dir", dir, "-v"), EXIT_OK);
		cr_expect_not_null(strstr(out, cases[i].line), "%s instead of %s", out, cases[i].line);
	}
}

/* Each part that is there only when it has something to say. */
Test(cli_asks, status_says_what_a_takeover_has_to_reckon_with) {
	static const struct {
		const char *members, *line;
	} cases[] = {
		{"\"links\":[{\"name\":\"eth1\",\"transport\":\"udp\",\"up\":true},"
		 "{\"name\":\"reflect\",\"transport\":\"reflect\",\"rate\":\"slow\",\"up\":true}]",
		 "links   eth1 udp up, never heard | reflect up (slow rate), never heard\n"},
		{"\"links\":[{\"name\":\"reflect\",\"transport\":\"reflect\",\"rate\":\"off\",\"up\":true}]",
		 "links   reflect switched off, never heard\n"},
		{"\"node\":\"ha1\",\"peer\":{\"name\":\"ha2\",\"state\":\"backup\"},\"configuration\":"
		 "{\"compared\":\"differs\",\"digest\":\"1a\",\"loaded\":\"2026-07-25T17:20:00.000Z\",\"peer_digest\":"
		 "\"2b\"}",
		 "peer    ha2 backup, configuration differs\nconfig  ha1 1a, loaded 07-25 17:20:00 | ha2 2b\n"},
		{"\"policy\":\"any\",\"tests\":[{\"address\":\"192.0.2.1\",\"too_slow\":true,\"rtt_ms\":92.1},"
		 "{\"address\":\"192.0.2.2\",\"own\":true},{\"address\":\"192.0.2.3\",\"loss_percent\":40}]",
		 "tests   0 of 3, policy any | 192.0.2.1 too slow, 92 ms | 192.0.2.2 this node's own | "
		 "192.0.2.3 no answer, loss 40 %\n"},
		{"\"automatic\":true,\"backup_operations\":true,\"countdown_ms\":60000,\"takeover_in_ms\":42000",
		 "auto    on, failover within 0 ms | countdown 60.0 s runs, `hamon abort` stops it\n"},
		{"\"automatic\":true,\"backup_operations\":true,\"aborted\":true,\"failback_in_ms\":1500,"
		 "\"hold_down\":{\"failovers\":5,\"delay_ms\":2000}",
		 "auto    on, failover within 0 ms | aborted by an operator | hold-down 2.0 s after 5 failovers | "
		 "failback in 1.5 s\n"},
		{"\"service\":\"ill\",\"fence\":{\"mode\":\"required\",\"state\":\"failed\"},\"vetoed\":true",
		 "checks  service ill | fence required, failed | before-primary said no\n"},
	};
	setenv("TZ", "UTC", 1);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char status[1024];
		snprintf(status, sizeof status, "{\"schema\":1,%s}", cases[i].members);
		answers(status);
		cr_expect_eq(HAMON("status", "--run-dir", dir), EXIT_OK);
		cr_expect_not_null(strstr(out, cases[i].line), "%s instead of %s", out, cases[i].line);
	}
	answers("{\"schema\":1,\"fence\":{\"mode\":\"off\",\"state\":\"idle\"}}");
	cr_expect_eq(HAMON("status", "--run-dir", dir), EXIT_OK);
	cr_expect_null(strstr(out, "checks"), "%s", out);
}

Test(cli_asks, explain_knows_the_present_alone) {
	answers("{\"ok\":true,\"text\":\"ha2 is backup\",\"details\":[\"STOP ha1 is heard\"]}");
	cr_expect_eq(HAMON("explain", "now", "--run-dir", dir), EXIT_OK);
	cr_expect_str_eq(out, "ha2 is backup\n  STOP ha1 is heard\n");
	cr_expect_eq(HAMON("explain", "1131", "--run-dir", dir), EXIT_USAGE);
	cr_expect(strstr(err, "the log tells of past events"), "%s", err);
}

Test(cli_asks, status_survives_an_object_of_another_version) {
	answers("{\"schema\":1}");
	cr_expect_eq(HAMON("status", "--run-dir", dir), EXIT_OK);
	cr_expect_eq(HAMON("status", "--run-dir", dir, "-v"), EXIT_OK);
}

/* ---- watch: an answer that goes on ---- */

Test(cli_asks, watch_says_what_the_pair_does) {
	answers("{\"at\":\"2026-07-25T17:20:00.204Z\",\"kind\":\"pair\",\"node\":\"ha1\",\"state\":\"backup\","
		"\"cause\":\"heard\",\"event\":3,\"primary\":\"ha2\",\"epoch\":41,\"lease\":false,\"alone\":false,"
		"\"conflict\":false,\"paused\":true,\"faults\":[\"carrier\"],\"peer\":\"ha2\",\"peer_state\":\"primary\","
		"\"links\":[{\"name\":\"eth0\",\"up\":true,\"heard\":true},{\"name\":\"eth1\",\"up\":true,\"heard\":false}]"
		"}\n"
		"{\"at\":\"2026-07-25T17:20:01.005Z\",\"kind\":\"pair\",\"node\":\"ha1\",\"state\":\"primary\","
		"\"cause\":\"silence\",\"event\":5,\"primary\":\"ha1\",\"epoch\":42,\"lease\":true,\"alone\":true,"
		"\"conflict\":false,\"paused\":false,\"faults\":[],\"peer\":\"ha2\",\"peer_state\":\"unheard\","
		"\"links\":[{\"name\":\"eth0\",\"up\":false,\"heard\":false}],\"dropped\":2}");
	setenv("TZ", "UTC", 1);
	cr_expect_eq(HAMON("watch", "--run-dir", dir), EXIT_UNREACHABLE);
	cr_expect_str_eq(err, "hamon: the daemon ended\n");
	cr_expect_str_eq(straw->asked, "{\"verb\":\"watch\",\"frames\":false}\n");
	cr_expect_str_eq(out,
			 "17:20:00.204 ha1 = backup (heard), epoch 41, no lease, paused, carrier | ha2 primary | eth0 up | "
			 "eth1 silent\n"
			 "… and 2 more before this one, for which the reader was too slow\n"
			 "17:20:01.005 ha1 = primary (silence), epoch 42, lease held, alone | ha2 unheard | eth0 down\n");
}

Test(cli_asks, watch_says_each_frame_with_its_verdict) {
	answers("{\"ok\":true,\"text\":\"what edge sends\"}\n"
		"{\"at\":\"2026-07-25T17:20:00.204Z\",\"kind\":\"heartbeat\",\"direction\":\"in\",\"link\":\"eth0\","
		"\"from\":\"ha2\",\"boot\":7,\"seq\":9182,\"seen\":42,\"lease\":true,\"deaf\":false,\"mark\":\"renew\","
		"\"echo_seq\":918,\"fitness\":100,\"flags\":[\"offer\",\"want\"],\"verdict\":\"accepted\"}\n"
		"{\"at\":\"2026-07-25T17:20:00.210Z\",\"kind\":\"heartbeat\",\"direction\":\"in\",\"link\":\"eth0\","
		"\"verdict\":\"rejected: wrong-key\"}\n"
		"{\"at\":\"2026-07-25T17:20:00.220Z\",\"kind\":\"heartbeat\",\"direction\":\"out\",\"link\":\"eth1\","
		"\"from\":\"ha1\",\"boot\":8,\"seq\":1,\"seen\":42,\"lease\":false,\"deaf\":true,\"mark\":\"plain\","
		"\"echo_seq\":0,\"fitness\":0,\"flags\":[],\"verdict\":\"sent\"}\n"
		"{\"at\":\"2026-07-25T17:20:00.230Z\",\"kind\":\"arp\",\"direction\":\"in\",\"interface\":\"eth0\","
		"\"address\":\"192.0.2.10\",\"mac\":\"52:54:00:12:34:56\",\"gratuitous\":true,\"verdict\":\"stranger\"}");
	setenv("TZ", "UTC", 1);
	cr_expect_eq(HAMON("watch", "--frames", "--run-dir", dir), EXIT_UNREACHABLE);
	cr_expect_str_eq(straw->asked, "{\"verb\":\"watch\",\"frames\":true}\n");
	cr_expect_str_eq(
		out, "what edge sends\n"
		     "17:20:00.204 in  eth0 heartbeat 9182 of ha2, epoch 42, lease, renew, echo 918, fitness 100, offer, "
		     "want: accepted\n"
		     "17:20:00.210 in  eth0 heartbeat of nobody who is known: rejected: wrong-key\n"
		     "17:20:00.220 out eth1 heartbeat 1 of ha1, epoch 42, deaf, echo 0, fitness 0: sent\n"
		     "17:20:00.230 in  eth0 arp 192.0.2.10 is at 52:54:00:12:34:56, gratuitous: stranger\n");
	cr_expect_eq(HAMON("watch", "--frames", "--json", "--run-dir", dir), EXIT_UNREACHABLE);
	cr_expect_str_eq(out, straw->answer);
}

Test(cli_asks, watch_survives_lines_of_another_version) {
	answers("{\"kind\":\"heartbeat\"}\n{\"kind\":\"pair\",\"at\":\"then\",\"links\":[{}]}\n{\"kind\":\"lldp\"}");
	cr_expect_eq(HAMON("watch", "--run-dir", dir), EXIT_UNREACHABLE);
	cr_expect(strstr(out, "\nthen ? = ?"), "%s", out);
}

Test(cli_asks, watch_may_be_refused) {
	answers("{\"ok\":false,\"code\":1,\"error\":\"4 others watch already\"}");
	cr_expect_eq(HAMON("watch", "--run-dir", dir), EXIT_FAILED);
	cr_expect_str_eq(err, "hamon: 4 others watch already\n");
	cr_expect_str_empty(out);
}

Test(cli_asks, ctrl_c_ends_watch_in_good_order) {
	int status;
	answers("{\"ok\":true,\"text\":\"so it begins\"}");
	straw->manner = GOES_ON;
	pid_t watching = fork();
	if (watching == 0)
		_exit(HAMON("watch", "--run-dir", dir) == EXIT_OK && strcmp(out, "so it begins\n") == 0 && !*err ? 0 : 1);
	/* As for anything here: it ends a test that would hang. */
	const mono_t deadline = mono_now() + 20 * SEC;
	while (!straw->read && mono_now() < deadline)
		usleep(1000);
	cr_expect(straw->read);
	kill(watching, SIGINT);
	cr_assert_eq(waitpid(watching, &status, 0), watching);
	cr_expect(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}
