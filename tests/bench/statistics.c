/* Order statistics: see statistics.h. */
#include "tests/bench/statistics.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>

static int by_value(const void *a, const void *b) {
	double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

void statistics_sort(double *values, size_t n) {
	qsort(values, n, sizeof(*values), by_value);
}

double statistics_quantile(const double *sorted, size_t n, double share) {
	assert(n > 0 && share > 0 && share <= 1);
	size_t rank = (size_t)ceil(share * (double)n);
	return sorted[rank > 0 ? rank - 1 : 0];
}

/* Each value lies below the true median with probability 1/2, whatever the distribution. So as many values are left out at
 * either end as leave no more than 2.5 % for the median to lie among them: P(Binomial(n, 1/2) <= left out) <= 0.025. */
struct statistics_median statistics_median(const double *sorted, size_t n) {
	assert(n >= 6);
	double term = pow(0.5, (double)n), tail = term;
	size_t out = 0;
	while (tail <= 0.025) {
		out++;
		term *= (double)(n - out + 1) / (double)out;
		tail += term;
	}
	/* `out` is the first count that is too likely: the out-th value from either end (from 1) bounds the interval. */
	return (struct statistics_median){
		.median = (sorted[(n - 1) / 2] + sorted[n / 2]) / 2,
		.low = sorted[out - 1],
		.high = sorted[n - out],
	};
}
