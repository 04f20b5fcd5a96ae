/* The modelled kernel: clock, jiffies, table, permit, lease, addresses. */
#include "tests/sim/kernel.h"

#include <string.h>

enum { MILLION = 1000000 };

void kernel_init(struct kernel *kernel, const struct timers *timers) {
	int64_t rate_ppm = kernel->rate_ppm;
	span_t offset = kernel->offset;
	memset(kernel, 0, sizeof *kernel);
	kernel->rate_ppm = rate_ppm;
	kernel->offset = offset;
	kernel->tick = timers->tick;
	kernel->lag = timers->jiffies_lag;
	kernel->length = timers->lease;
	kernel->still = kernel->still_until = kernel->ran_out = MONO_NEVER;
}

mono_t kernel_clock(const struct kernel *kernel, mono_t when) {
	return kernel->offset + when + when * kernel->rate_ppm / MILLION;
}

mono_t kernel_when(const struct kernel *kernel, mono_t clock) {
	mono_t shown = clock - kernel->offset;
	mono_t when = shown - shown * kernel->rate_ppm / (MILLION + kernel->rate_ppm);
	while (kernel_clock(kernel, when) < clock)
		when++;
	return when;
}

void kernel_set_rate(struct kernel *kernel, mono_t when, int64_t rate_ppm) {
	mono_t shown = kernel_clock(kernel, when);
	kernel->rate_ppm = rate_ppm;
	kernel->offset += shown - kernel_clock(kernel, when);
}

/* The time as the jiffies count it: whole ticks, and behind while they stand still. */
static mono_t jiffies(const struct kernel *kernel, mono_t now) {
	if (now >= kernel->still && now < kernel->still_until)
		now = kernel->still;
	return now - now % kernel->tick;
}

/* Forgets a lease that ran out, and remembers when it did. */
static void settle(struct kernel *kernel, mono_t now) {
	if (!kernel->lease_end || jiffies(kernel, now) < kernel->lease_end)
		return;
	bool held_up = kernel->lease_end > kernel->still && kernel->lease_end < kernel->still_until;
	kernel->ran_out = held_up ? kernel->still_until : kernel->lease_end;
	kernel->lease_end = 0;
}

/* ---- the table ---- */

void kernel_build(struct kernel *kernel, bool interface) {
	kernel_drop_lease(kernel);
	kernel->table = true;
	kernel->hooked = interface;
}

void kernel_flush(struct kernel *kernel) {
	kernel_drop_lease(kernel);
	kernel->table = kernel->hooked = false;
}

static bool guarded(const struct kernel *kernel) {
	return kernel->table && kernel->hooked;
}

bool kernel_permit(struct kernel *kernel, mono_t now, span_t life) {
	if (kernel->table)
		kernel->permit_end = jiffies(kernel, now) + life;
	return kernel->table;
}

void kernel_drop_permit(struct kernel *kernel) {
	kernel->permit_end = 0;
}

void kernel_drop_lease(struct kernel *kernel) {
	kernel->permit_end = kernel->lease_end = 0;
	kernel->ran_out = MONO_NEVER;
}

bool kernel_pass(struct kernel *kernel, mono_t now, enum heartbeat_mark mark) {
	if (!kernel->table)
		return true;
	switch (mark) {
	case MARK_PLAIN:
		return true;
	case MARK_RENEW:
		if (!kernel_leased(kernel, now))
			return false;
		break;
	case MARK_GRANT:
		if (jiffies(kernel, now) >= kernel->permit_end)
			return false;
		settle(kernel, now);
		break;
	}
	kernel->lease_end = jiffies(kernel, now) + kernel->length;
	return true;
}

bool kernel_leased(struct kernel *kernel, mono_t now) {
	settle(kernel, now);
	return jiffies(kernel, now) < kernel->lease_end;
}

/* ---- the addresses ---- */

span_t kernel_validity(const struct kernel *kernel) {
	return (kernel->length / SEC + 2) * SEC;
}

void kernel_validate(struct kernel *kernel, mono_t now, span_t life) {
	kernel->valid_until = now + life;
}

const struct ip_set *kernel_present(struct kernel *kernel, mono_t now) {
	if (now >= kernel->valid_until && !ip_set_empty(&kernel->present)) {
		kernel->expired = kernel->present;
		memset(&kernel->present, 0, sizeof kernel->present);
	}
	return &kernel->present;
}

bool kernel_emits(struct kernel *kernel, mono_t now, bool raw) {
	if (guarded(kernel))
		return kernel_leased(kernel, now);
	return raw || !ip_set_empty(kernel_present(kernel, now));
}

bool kernel_serves(struct kernel *kernel, mono_t now, const struct ip_set *ips) {
	struct ip_set missing = ip_set_less(*ips, kernel_present(kernel, now));
	return ip_set_empty(&missing) && kernel_leased(kernel, now);
}

/* ---- the jiffies ---- */

bool kernel_stalled(const struct kernel *kernel, mono_t now) {
	return now < kernel->still_until;
}

void kernel_stall_jiffies(struct kernel *kernel, mono_t now, mono_t until) {
	settle(kernel, now);
	if (!kernel_stalled(kernel, now))
		kernel->still = now;
	kernel->still_until = mono_max(kernel->still_until, until);
}
