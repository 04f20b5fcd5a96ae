/* The freeze meter: see freeze.h. Each thread owns the ring of its CPU; readers take the count first, entries after, and
 * ignore what may have been overwritten. */
#include "tests/lab/freeze.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "tests/lab/shell.h"

enum { CPUS = 256, RING = 8192, PRIORITY = 60, SCALE_FACTOR = 6 };

#define STEP  NANOS_MS
#define FLOOR (5 * NANOS_MS)

struct gap {
	nanos from, to;
};

struct cpu {
	int number;
	_Atomic uint64_t n; /* gaps ever recorded */
	struct gap ring[RING];
};

struct freeze {
	unsigned cpus;
	struct cpu cpu[];
};

static void *watch(void *arg) {
	struct cpu *cpu = arg;
	for (nanos due = clock_now();;) {
		due += STEP;
		clock_sleep_until(due);
		nanos now = clock_now();
		if (now - due <= FLOOR)
			continue;
		uint64_t n = atomic_load_explicit(&cpu->n, memory_order_relaxed);
		cpu->ring[n % RING] = (struct gap){due, now};
		atomic_store_explicit(&cpu->n, n + 1, memory_order_release);
		due = now;
	}
	return NULL;
}

static void start_on(struct cpu *cpu) {
	pthread_attr_t attr;
	cpu_set_t set;
	CPU_ZERO(&set);
	CPU_SET(cpu->number, &set);
	struct sched_param param = {.sched_priority = PRIORITY};
	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, 64 << 10);
	pthread_attr_setinheritsched(&attr, PTHREAD_EXPLICIT_SCHED);
	pthread_attr_setschedpolicy(&attr, SCHED_FIFO);
	pthread_attr_setschedparam(&attr, &param);
	pthread_attr_setaffinity_np(&attr, sizeof(set), &set);
	pthread_t thread;
	int error = pthread_create(&thread, &attr, watch, cpu);
	if (error)
		shell_die("no real-time thread for the freeze meter on CPU %d: %s", cpu->number, strerror(error));
	pthread_detach(thread);
	pthread_attr_destroy(&attr);
}

struct freeze *freeze_start(void) {
	cpu_set_t allowed;
	if (sched_getaffinity(0, sizeof(allowed), &allowed))
		shell_die("sched_getaffinity: %s", strerror(errno));
	unsigned cpus = (unsigned)CPU_COUNT(&allowed);
	size_t size = sizeof(struct freeze) + cpus * sizeof(struct cpu);
	struct freeze *freeze = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	if (freeze == MAP_FAILED || mlockall(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT))
		shell_die("no locked memory for the freeze meter: %s", strerror(errno));
	for (int number = 0; number < CPUS && freeze->cpus < cpus; number++) {
		if (!CPU_ISSET(number, &allowed))
			continue;
		freeze->cpu[freeze->cpus].number = number;
		start_on(&freeze->cpu[freeze->cpus++]);
	}
	return freeze;
}

struct overlaps {
	size_t n;
	struct gap *list; /* cut to the interval */
	nanos worst;      /* of the whole gaps */
};

static void collect_cpu(const struct cpu *cpu, nanos from, nanos to, struct overlaps *out) {
	uint64_t n = atomic_load_explicit(&cpu->n, memory_order_acquire);
	/* The oldest entry may be under the writer's pen. */
	for (uint64_t i = n < RING ? 0 : n - RING + 1; i < n; i++) {
		struct gap gap = cpu->ring[i % RING];
		if (gap.to <= from || gap.from >= to)
			continue;
		if (gap.to - gap.from > out->worst)
			out->worst = gap.to - gap.from;
		out->list[out->n++] = (struct gap){gap.from > from ? gap.from : from, gap.to < to ? gap.to : to};
	}
}

static struct overlaps collect(const struct freeze *freeze, nanos from, nanos to) {
	struct overlaps out = {.list = calloc((size_t)freeze->cpus * RING, sizeof(struct gap))};
	if (!out.list)
		shell_die("out of memory");
	for (unsigned i = 0; i < freeze->cpus; i++)
		collect_cpu(&freeze->cpu[i], from, to, &out);
	return out;
}

nanos freeze_worst(const struct freeze *freeze, nanos from, nanos to) {
	struct overlaps found = collect(freeze, from, to);
	free(found.list);
	return found.worst;
}

static int by_start(const void *a, const void *b) {
	nanos x = ((const struct gap *)a)->from, y = ((const struct gap *)b)->from;
	return (x > y) - (x < y);
}

nanos freeze_overlap(const struct freeze *freeze, nanos from, nanos to) {
	struct overlaps found = collect(freeze, from, to);
	qsort(found.list, found.n, sizeof(*found.list), by_start);
	nanos sum = 0, end = from;
	for (size_t i = 0; i < found.n; i++) {
		nanos start = found.list[i].from > end ? found.list[i].from : end;
		if (found.list[i].to > start) {
			sum += found.list[i].to - start;
			end = found.list[i].to;
		}
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
