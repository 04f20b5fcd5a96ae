/* The configuration's small change: loading the file, durations and addresses as text, errors, and the way from a
 * configuration to the pair's timers. Reading is read.c, what settings must not do together check.c. */
#include "hamon/conf/conf.h"

#include <arpa/inet.h>
#include <assert.h>
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FILE_MAX = 1 << 20 };

/* A configuration that comes through a pipe may take so long between two writes. The supervisor waits no longer: it has a
 * monitor to watch. */
enum { PIPE_PATIENCE_MS = 2000 };

static const struct unit {
	const char *name;
	span_t length;
} units[] = {{"us", USEC}, {"ms", MSEC}, {"s", SEC}, {"min", 60 * SEC}, {"h", 3600 * SEC}, {"d", 86400 * SEC}};
enum { UNITS = sizeof units / sizeof units[0], SECONDS = 2 /* what none is written in */ };

/* Fills buf from fd until the file ends. The number of bytes, or -errno. */
static ssize_t read_all(int fd, char *buf, size_t size) {
	size_t n = 0;
	while (n < size) {
		ssize_t got = read(fd, buf + n, size - n);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0 && errno == EAGAIN) {
			struct pollfd wait = {.fd = fd, .events = POLLIN};
			if (poll(&wait, 1, PIPE_PATIENCE_MS) == 0)
				return -ETIMEDOUT;
			continue;
		}
		if (got < 0)
			return -errno;
		if (got == 0)
			break;
		n += (size_t)got;
	}
	return (ssize_t)n;
}

int conf_load(const char *path, char **text) {
	/* Not blocking: nobody may be writing to a FIFO. */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return -errno;
	char *buf = malloc(FILE_MAX + 1);
	ssize_t n = buf ? read_all(fd, buf, FILE_MAX + 1) : -ENOMEM;
	close(fd);
	int error = n < 0 ? (int)n : n > FILE_MAX ? -EFBIG : memchr(buf, '\0', (size_t)n) ? -EILSEQ : 0;
	if (error) {
		free(buf);
		return error;
	}
	buf[n] = '\0';
	*text = buf;
	return 0;
}

/* ---- durations ---- */

/* The decimals after the point, in ns of a unit; *text moves behind them. -1 where they end between two microseconds. */
static span_t decimals(const char **text, span_t unit) {
	span_t sum = 0;
	for (span_t worth = unit; isdigit((unsigned char)**text); (*text)++) {
		span_t digit = **text - '0';
		if (digit && worth % 10)
			return -1;
		worth /= 10;
		sum += digit * worth;
	}
	return sum % USEC ? -1 : sum;
}

static const struct unit *find_unit(const char *text) {
	for (size_t i = 0; i < UNITS; i++)
		if (strcmp(text, units[i].name) == 0)
			return &units[i];
	return NULL;
}

int conf_duration(const char *text, span_t *out) {
	size_t whole_len = strspn(text, "0123456789");
	const char *fraction = text + whole_len;
	if (*fraction == '.')
		fraction++;
	size_t fraction_len = fraction == text + whole_len ? 0 : strspn(fraction, "0123456789");
	const struct unit *unit = find_unit(fraction + fraction_len);
	if (!whole_len || !unit || (fraction > text + whole_len && !fraction_len))
		return -EINVAL;
	span_t sum = fraction_len ? decimals(&fraction, unit->length) : 0;
	if (sum < 0)
		return -EINVAL;
	span_t whole = 0;
	for (size_t i = 0; i < whole_len; i++)
		if (__builtin_mul_overflow(whole, 10, &whole) || __builtin_add_overflow(whole, text[i] - '0', &whole))
			return -ERANGE;
	if (__builtin_mul_overflow(whole, unit->length, &whole) || __builtin_add_overflow(whole, sum, &whole))
		return -ERANGE;
	if (whole > MONO_FAR)
		return -ERANGE;
	*out = whole;
	return 0;
}

char *conf_duration_text(span_t duration, char out[static CONF_DURATION]) {
	size_t i = duration ? UNITS - 1 : SECONDS;
	while (i > 0 && duration % units[i].length)
		i--;
	snprintf(out, CONF_DURATION, "%lld%s", (long long)(duration / units[i].length), units[i].name);
	return out;
}

/* ---- addresses and names ---- */

int conf_address(const char *text, struct ip_address *out) {
	struct ip_address address = {.family = strchr(text, ':') ? AF_INET6 : AF_INET};
	if (inet_pton(address.family, text, address.bytes) != 1)
		return -EINVAL;
	*out = address;
	return 0;
}

char *conf_address_text(const struct ip_address *address, char *out) {
	const char *text = inet_ntop(address->family, address->bytes, out, INET6_ADDRSTRLEN);
	assert(text);
	return out;
}

bool conf_address_same(const struct ip_address *a, const struct ip_address *b) {
	return a->family == b->family && memcmp(a->bytes, b->bytes, sizeof a->bytes) == 0;
}

static const char *const transports[] = {
	[TRANSPORT_ETHERNET] = "ethernet",
	[TRANSPORT_UDP] = "udp",
	[TRANSPORT_REFLECT] = "reflect",
};
static_assert(sizeof transports / sizeof *transports == TRANSPORT__COUNT, "a name for each value");

const char *transport_name(enum transport transport) {
	return transport < TRANSPORT__COUNT ? transports[transport] : "?";
}

unsigned conf_parity(const struct conf *conf, unsigned node) {
	return strcmp(conf->nodes[node].name, conf->nodes[!node].name) > 0;
}

/* ---- errors ---- */

/* What the file says is repeated on a terminal, which must not obey it. */
static void make_printable(char *text) {
	for (; *text; text++)
		if (iscntrl((unsigned char)*text))
			*text = '?';
}

void conf_complain(struct conf_errors *errors, const char *name, unsigned line, const char *format, ...) {
	if (errors->n == CONF_ERRORS) {
		errors->more++;
		return;
	}
	unsigned at = errors->n++;
	for (; at > 0 && errors->line[at - 1] > line; at--) {
		memcpy(errors->text[at], errors->text[at - 1], CONF_ERROR_TEXT);
		errors->line[at] = errors->line[at - 1];
	}
	char *text = errors->text[at];
	errors->line[at] = line;
	int n = line ? snprintf(text, CONF_ERROR_TEXT, "%.128s:%u: ", name, line)
		     : snprintf(text, CONF_ERROR_TEXT, "%.128s: ", name);
	va_list args;
	va_start(args, format);
	vsnprintf(text + n, (size_t)(CONF_ERROR_TEXT - n), format, args);
	va_end(args);
	make_printable(text);
}

void conf_warn(struct conf_errors *errors, const char *format, ...) {
	if (errors->warnings_n == CONF_WARNINGS)
		return;
	char *text = errors->warnings[errors->warnings_n++];
	va_list args;
	va_start(args, format);
	vsnprintf(text, CONF_ERROR_TEXT, format, args);
	va_end(args);
	make_printable(text);
}

void conf_errors_print(const struct conf_errors *errors, FILE *out) {
	for (unsigned i = 0; i < errors->n; i++)
		fprintf(out, "%s\n", errors->text[i]);
	if (errors->more)
		fprintf(out, "and %u more\n", errors->more);
}

/* ---- timers ---- */

struct timers_ask conf_timers_ask(const struct conf *conf, span_t tick, span_t jiffies_lag) {
	return (struct timers_ask){
		.within = conf->within,
		.tick = tick,
		.jiffies_lag = jiffies_lag,
		.addresses = conf->ips_n,
		.heartbeat = conf->heartbeat,
		.lease = conf->lease,
		.dead = conf->dead,
	};
}

/* With explicit settings each broken inequality is named; without, the promise alone can be at fault. */
static void complain_of_timers(const struct timers_ask *ask, const char *name, const struct timers *t,
			       struct conf_errors *errors) {
	bool by_hand = ask->heartbeat || ask->lease || ask->dead;
	struct timers_check checks[TIMERS_CHECKS];
	timers_check(t, checks);
	for (size_t i = 0; by_hand && i < TIMERS_CHECKS; i++)
		if (!checks[i].holds)
			conf_complain(errors, name, errors->failover_line,
				      "failover: %s needs %s, and %.3f ms is less than %.3f ms", checks[i].name,
				      checks[i].formula, (double)checks[i].left / (double)MSEC,
				      (double)checks[i].right / (double)MSEC);
	span_t least = timers_least(ask);
	char within[CONF_DURATION];
	if (!least)
		conf_complain(errors, name, errors->failover_line,
			      "failover: the explicit settings contradict each other, whatever within is; leave out "
			      "heartbeat-interval, lease and dead-interval, and they are derived from within");
	else if (least > t->within)
		conf_complain(
			errors, name, errors->failover_line,
			"failover: within = \"%s\" cannot be kept here; the least is %.1f ms, with a tick of %.0f ms, "
			"jiffies %.0f ms late at worst, %u shared IP%s%s",
			conf_duration_text(t->within, within), (double)(least + 50 * USEC) / (double)MSEC,
			(double)t->tick / (double)MSEC, (double)t->jiffies_lag / (double)MSEC, ask->addresses,
			ask->addresses == 1 ? "" : "s", by_hand ? " and the explicit settings" : "");
}

int conf_timers(const struct conf *conf, const char *name, span_t tick, span_t jiffies_lag, struct timers *out,
		struct conf_errors *errors) {
	struct timers_ask ask = conf_timers_ask(conf, tick, jiffies_lag);
	if (!timers_derive(&ask, out))
		return 0;
	complain_of_timers(&ask, name, out, errors);
	return -EINVAL;
}
