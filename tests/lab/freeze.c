/* The freeze meter: see freeze.h. Each thread owns its ring; readers take the count first, entries after, and
 * ignore what may have been overwritten. */
#include "tests/lab/freeze.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/rtnetlink.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>

#include "tests/lab/shell.h"

enum { CPUS = 256, RING = 8192, PRIORITY = 60, SCALE_FACTOR = 6, LAPSE_FACTOR = 8 };

#define STEP  NANOS_MS
#define FLOOR (5 * NANOS_MS)
/* Often enough to see what would spoil a test, seldom enough not to be in the way. */
#define LOCK_STEP (3 * NANOS_MS)

struct gap {
	nanos from, to;
};

/* What one thread recorded. */
struct lane {
	int cpu;            /* -1: it watches the lock */
	_Atomic uint64_t n; /* gaps ever recorded */
	struct gap ring[RING];
};

struct freeze {
	unsigned lanes;
	struct lane lane[];
};

static void record(struct lane *lane, nanos from, nanos to) {
	if (to - from <= FLOOR)
		return;
	uint64_t n = atomic_load_explicit(&lane->n, memory_order_relaxed);
	lane->ring[n % RING] = (struct gap){from, to};
	atomic_store_explicit(&lane->n, n + 1, memory_order_release);
}

static void *watch_cpu(void *arg) {
	struct lane *lane = arg;
	for (nanos due = clock_now();;) {
		due += STEP;
		clock_sleep_until(due);
		nanos now = clock_now();
		record(lane, due, now);
		if (now - due > FLOOR)
			due = now;
	}
	return NULL;
}

/* Sets 127.0.0.2 on the loopback interface, again and again: what is there already is a change like any other. */
static int change_address(int fd) {
	struct {
		struct nlmsghdr header;
		struct ifaddrmsg fixed;
		struct rtattr attribute;
		struct in_addr local;
	} request = {
		.header = {.nlmsg_len = sizeof(request),
			   .nlmsg_type = RTM_NEWADDR,
			   .nlmsg_flags = NLM_F_REQUEST | NLM_F_CREATE | NLM_F_REPLACE},
		.fixed = {.ifa_family = AF_INET, .ifa_prefixlen = 32, .ifa_scope = RT_SCOPE_HOST, .ifa_index = 1},
		.attribute = {.rta_len = RTA_LENGTH(sizeof(struct in_addr)), .rta_type = IFA_LOCAL},
		.local.s_addr = htonl(INADDR_LOOPBACK + 1),
	};
	return send(fd, &request, sizeof(request), 0) == sizeof(request) ? 0 : -errno;
}

static void *watch_lock(void *arg) {
	struct lane *lane = arg;
	int fd = unshare(CLONE_NEWNET) ? -1 : socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	if (fd < 0)
		shell_die("no namespace for the freeze meter's watch on the rtnl lock: %s", strerror(errno));
	for (;;) {
		nanos before = clock_now();
		int error = change_address(fd);
		if (error)
			shell_die("the freeze meter cannot change an address of its own: %s", strerror(-error));
		record(lane, before, clock_now());
		clock_sleep_until(clock_now() + LOCK_STEP);
	}
	return NULL;
}

static void start(struct lane *lane) {
	pthread_attr_t attr;
	cpu_set_t set;
	CPU_ZERO(&set);
	if (lane->cpu >= 0)
		CPU_SET(lane->cpu, &set);
	struct sched_param param = {.sched_priority = PRIORITY};
	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, 64 << 10);
	pthread_attr_setinheritsched(&attr, PTHREAD_EXPLICIT_SCHED);
	pthread_attr_setschedpolicy(&attr, SCHED_FIFO);
	pthread_attr_setschedparam(&attr, &param);
	if (lane->cpu >= 0)
		pthread_attr_setaffinity_np(&attr, sizeof(set), &set);
	pthread_t thread;
	int error = pthread_create(&thread, &attr, lane->cpu >= 0 ? watch_cpu : watch_lock, lane);
	if (error)
		shell_die("no real-time thread for the freeze meter: %s", strerror(error));
	pthread_detach(thread);
	pthread_attr_destroy(&attr);
}

struct freeze *freeze_start(void) {
	cpu_set_t allowed;
	if (sched_getaffinity(0, sizeof(allowed), &allowed))
		shell_die("sched_getaffinity: %s", strerror(errno));
	unsigned cpus = (unsigned)CPU_COUNT(&allowed);
	size_t size = sizeof(struct freeze) + (cpus + 1) * sizeof(struct lane);
	struct freeze *freeze = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	if (freeze == MAP_FAILED || mlockall(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT))
		shell_die("no locked memory for the freeze meter: %s", strerror(errno));
	for (int cpu = 0; cpu < CPUS && freeze->lanes < cpus; cpu++) {
		if (!CPU_ISSET(cpu, &allowed))
			continue;
		freeze->lane[freeze->lanes].cpu = cpu;
		start(&freeze->lane[freeze->lanes++]);
	}
	freeze->lane[freeze->lanes].cpu = -1;
	start(&freeze->lane[freeze->lanes++]);
	return freeze;
}

/* The freezes that overlap an interval, in their order; those of several lanes that overlap one another are one: whoever
 * was moved from the one to the other stood still all the while. */
struct freezes {
	size_t n;
	struct gap *list;
};

static size_t collect_lane(const struct lane *lane, nanos from, nanos to, struct gap *out) {
	uint64_t end = atomic_load_explicit(&lane->n, memory_order_acquire);
	size_t n = 0;
	/* The oldest entry may be under the writer's pen. */
	for (uint64_t i = end < RING ? 0 : end - RING + 1; i < end; i++) {
		struct gap gap = lane->ring[i % RING];
		if (gap.to > from && gap.from < to)
			out[n++] = gap;
	}
	return n;
}

static int by_start(const void *a, const void *b) {
	nanos x = ((const struct gap *)a)->from, y = ((const struct gap *)b)->from;
	return (x > y) - (x < y);
}

static void join(struct freezes *freezes) {
	size_t n = 0;
	qsort(freezes->list, freezes->n, sizeof(*freezes->list), by_start);
	for (size_t i = 0; i < freezes->n; i++) {
		struct gap gap = freezes->list[i];
		struct gap *last = n > 0 ? &freezes->list[n - 1] : NULL;
		if (!last || gap.from > last->to)
			freezes->list[n++] = gap;
		else if (gap.to > last->to)
			last->to = gap.to;
	}
	freezes->n = n;
}

static struct freezes collect(const struct freeze *freeze, nanos from, nanos to) {
	struct freezes out = {.list = calloc((size_t)freeze->lanes * RING, sizeof(struct gap))};
	if (!out.list)
		shell_die("out of memory");
	for (unsigned i = 0; i < freeze->lanes; i++)
		out.n += collect_lane(&freeze->lane[i], from, to, out.list + out.n);
	join(&out);
	return out;
}

nanos freeze_worst(const struct freeze *freeze, nanos from, nanos to) {
	struct freezes found = collect(freeze, from, to);
	nanos worst = 0;
	for (size_t i = 0; i < found.n; i++)
		if (found.list[i].to - found.list[i].from > worst)
			worst = found.list[i].to - found.list[i].from;
	free(found.list);
	return worst;
}

nanos freeze_overlap(const struct freeze *freeze, nanos from, nanos to) {
	struct freezes found = collect(freeze, from, to);
	nanos sum = 0;
	for (size_t i = 0; i < found.n; i++) {
		nanos begin = found.list[i].from > from ? found.list[i].from : from;
		nanos end = found.list[i].to < to ? found.list[i].to : to;
		sum += end - begin;
	}
	free(found.list);
	return sum;
}

nanos freeze_calibrate(const struct freeze *freeze) {
	nanos from = clock_now();
	clock_sleep_until(from + 2 * NANOS_SEC);
	return freeze_worst(freeze, from, clock_now());
}

nanos freeze_scale(nanos worst) {
	static const nanos scales[] = {200, 500, 1000, 2000, 5000, 10000}; /* ms */
	for (size_t i = 0; i < sizeof(scales) / sizeof(*scales); i++)
		if (scales[i] * NANOS_MS >= SCALE_FACTOR * worst)
			return scales[i] * NANOS_MS;
	return 0;
}

bool freeze_excuses(const struct freeze *freeze, nanos within, nanos fault, nanos recovery) {
	return freeze_worst(freeze, fault, recovery) > within / SCALE_FACTOR;
}

bool freeze_may_lapse(const struct freeze *freeze, nanos within, nanos from, nanos to) {
	return freeze_worst(freeze, from, to) > within / LAPSE_FACTOR;
}
