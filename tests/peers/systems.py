"""Three systems run by other people's simulators (ciw, simpy); prints what tests/golden/simulators.yaml holds.

    pip install ciw simpy && python tests/peers/systems.py > tests/golden/simulators.yaml

`--speed` instead times both on M/M/3 at 90 % load.
"""

import random
import statistics
import sys
import time

import ciw
import simpy

RUNS = 20


def interval(values):
    """Mean and half of its 95 % confidence interval (Student's t for 19 degrees of freedom)."""
    return statistics.mean(values), 2.093 * statistics.stdev(values) / len(values) ** 0.5


def percentile(values, p):
    return sorted(values)[int(p * len(values))]


def ciw_records(network, seed, until, warm):
    ciw.seed(seed)
    simulation = ciw.Simulation(network)
    simulation.simulate_until_max_time(until)
    return [r for r in simulation.get_all_records() if r.arrival_date > warm]


def mm3(seed):
    """90 customers a second, three servers of 30 ms."""
    network = ciw.create_network(
        arrival_distributions=[ciw.dists.Exponential(90.0)],
        service_distributions=[ciw.dists.Exponential(1 / 0.03)],
        number_of_servers=[3],
    )
    records = ciw_records(network, seed, 2000.0, 200.0)
    times = [r.exit_date - r.arrival_date for r in records]
    return {"mean": statistics.mean(times), "p95": percentile(times, 0.95)}


def bounded_lognormal(seed):
    """60 customers a second, two servers, log-normal service with mean 30 ms and p99 eight times the median, ten may wait."""
    import math

    sigma = math.log(8) / 2.3263478740408408
    mu = math.log(0.03) - sigma * sigma / 2
    network = ciw.create_network(
        arrival_distributions=[ciw.dists.Exponential(60.0)],
        service_distributions=[ciw.dists.Lognormal(mu, sigma)],
        number_of_servers=[2],
        queue_capacities=[10],
    )
    records = ciw_records(network, seed, 2000.0, 200.0)
    served = [r.exit_date - r.arrival_date for r in records if r.record_type == "service"]
    lost = sum(1 for r in records if r.record_type == "rejection")
    return {
        "mean": statistics.mean(served),
        "p95": percentile(served, 0.95),
        "failed": lost / (lost + len(served)),
    }


class Service:
    """An api with 20 threads, which it holds while it asks a database with four servers of 30 ms: 60 requests a second,
    a timeout of 100 ms and one retry. What was given up goes on at the database."""

    def __init__(self, seed):
        self.random = random.Random(seed)
        self.env = simpy.Environment()
        self.threads = simpy.Resource(self.env, 20)
        self.servers = simpy.Resource(self.env, 4)
        self.times, self.failed, self.calls = [], 0, 0

    def query(self):
        with self.servers.request() as server:
            yield server
            yield self.env.timeout(self.random.expovariate(1 / 0.03))

    def request(self, measured):
        start = self.env.now
        with self.threads.request() as thread:
            yield thread
            for _ in range(2):
                self.calls += measured
                query = self.env.process(self.query())
                timeout = self.env.timeout(0.1)
                yield query | timeout
                if query.triggered:
                    break
            else:
                self.failed += measured
                return
        if measured:
            self.times.append(self.env.now - start)

    def arrivals(self, requests):
        for number in range(requests):
            yield self.env.timeout(self.random.expovariate(60.0))
            self.env.process(self.request(number > requests // 10))

    def run(self, requests):
        self.env.process(self.arrivals(requests))
        self.env.run()
        measured = len(self.times) + self.failed
        return {
            "mean": statistics.mean(self.times),
            "p95": percentile(self.times, 0.95),
            "failed": self.failed / measured,
            "calls_per_request": self.calls / measured,
        }


def simpy_mm3(customers):
    env, rng, times = simpy.Environment(), random.Random(1), []
    servers = simpy.Resource(env, 3)

    def customer():
        start = env.now
        with servers.request() as server:
            yield server
            yield env.timeout(rng.expovariate(1 / 0.03))
        times.append(env.now - start)

    def source():
        for _ in range(customers):
            yield env.timeout(rng.expovariate(90.0))
            env.process(customer())

    env.process(source())
    env.run()
    return len(times)


def speed():
    start = time.perf_counter()
    count = simpy_mm3(400_000)
    print(f"simpy {count / (time.perf_counter() - start):,.0f} customers/s")
    network = ciw.create_network(
        arrival_distributions=[ciw.dists.Exponential(90.0)],
        service_distributions=[ciw.dists.Exponential(1 / 0.03)],
        number_of_servers=[3],
    )
    start = time.perf_counter()
    ciw.seed(1)
    simulation = ciw.Simulation(network)
    simulation.simulate_until_max_time(2000.0)
    count = len(simulation.get_all_records())
    print(f"ciw   {count / (time.perf_counter() - start):,.0f} customers/s")


def main():
    if "--speed" in sys.argv:
        return speed()
    print(f"# Made by tests/peers/systems.py: ciw {ciw.__version__}, simpy {simpy.__version__}, {RUNS} seeds each.")
    systems = [
        ("ciw-mm3", mm3),
        ("ciw-bounded-lognormal", bounded_lognormal),
        ("simpy-threads-timeouts-retries", lambda seed: Service(seed).run(100_000)),
    ]
    for name, run in systems:
        results = [run(seed) for seed in range(1, RUNS + 1)]
        print(f"{name}:")
        for figure in results[0]:
            mean, half = interval([result[figure] for result in results])
            print(f"  {figure}: [{mean:.6g}, {half:.2g}]")


if __name__ == "__main__":
    main()
