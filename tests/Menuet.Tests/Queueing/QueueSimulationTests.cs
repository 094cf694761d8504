using Menuet.Queueing;

namespace Menuet.Tests.Queueing;

/// <summary>Seeded, so that nothing here is left to chance; "within" means twice the 95 % half-width, four deviations.</summary>
public sealed class QueueSimulationTests
{
    private static readonly ServiceStage[] Third = [new(28, 200), new(12, 115), new(115, 200)];

    [Theory]
    [InlineData(1, 10.0, 7.0)]
    [InlineData(3, 4.0, 10.0)]
    [InlineData(20, 1.0, 12.0)]
    public void OneClass_HasTheLawOfTheStage(int servers, double mu, double lambda)
    {
        var law = new StageLaw(new(servers, mu), lambda);
        double[] times = [0.3 / mu, 1 / mu, 3 / mu];
        var seen = new QueueSimulation([new(servers, mu)], [lambda], times).Run(1, 400_000, 20_000);
        AssertWithin(law.Mean, seen.ClassMeans[0]);
        for (var i = 0; i < times.Length; i++)
            AssertWithin(law.Tail(times[i]), seen.ClassTails[0][i]);
    }

    [Fact]
    public void OneClassInTandem_HasTheConvolvedLaw()
    {
        double[] times = [0.01, 0.02, 0.05];
        var seen = new QueueSimulation(Third, [1250.0], times).Run(2, 600_000, 50_000);
        var law = new SojournLaw(Third, 1250);
        AssertWithin(law.Mean, seen.ClassMeans[0]);
        for (var i = 0; i < times.Length; i++)
            AssertWithin(law.Tail(times[i]), seen.ClassTails[0][i]);
    }

    [Theory]
    [InlineData(1, 10.0)]
    [InlineData(4, 3.0)]
    [InlineData(12, 115.0)]
    public void ClassesOfOneStage_HaveThePriorityLaw(int servers, double mu)
    {
        var capacity = servers * mu;
        double[] rates = [0.3 * capacity, 0.25 * capacity, 0, 0.3 * capacity];
        double[] times = [1 / mu, 5 / mu, 25 / mu];
        var seen = new QueueSimulation([new(servers, mu)], rates, times).Run(3, 600_000, 50_000);
        var higher = 0.0;
        for (var k = 0; k < rates.Length; k++)
        {
            var law = new PriorityLaw([new(servers, mu)], higher, rates[k]);
            higher += rates[k];
            // The mean over classes 1 … n is that of first come, first served (Little), the law is not.
            AssertWithin(new StageLaw(new(servers, mu), higher).Mean, seen.AggregateMeans[k]);
            if (rates[k] == 0)
            {
                Assert.True(double.IsNaN(seen.ClassMeans[k].Value));
                continue;
            }
            AssertWithin(law.Mean, seen.ClassMeans[k]);
            for (var i = 0; i < times.Length; i++)
                AssertWithin(law.Tail(times[i]), seen.ClassTails[k][i]);
        }
        var printed = new StageLaw(new(servers, mu), higher);
        Assert.Contains(times.Zip(seen.AggregateTails[^1]), pair => pair.Second.Value - 2 * pair.Second.HalfWidth > 1.1 * printed.Tail(pair.First));
    }

    [Fact]
    public void ClassesInTandem_AreNearTheConvolution_AndFarFromThePrintedLaw()
    {
        double[] rates = [50, 200, 275, 100, 200, 150, 137.5, 137.5];
        double[] times = [0.02, 0.05, 0.1, 0.25];
        var seen = new QueueSimulation(Third, rates, times).Run(4, 1_500_000, 100_000);
        var lowest = new PriorityLaw(Third, 1112.5, 137.5);
        var printed = new SojournLaw(Third, 1250);
        for (var i = 0; i < times.Length; i++)
        {
            var estimate = seen.ClassTails[^1][i];
            Assert.InRange(lowest.Tail(times[i]), estimate.Value / 1.25 - estimate.HalfWidth, 1.25 * estimate.Value + estimate.HalfWidth);
            Assert.True(estimate.Value - estimate.HalfWidth > 1.2 * printed.Tail(times[i]));
        }
    }

    [Fact]
    public void SameSeed_SameBits_AnotherSeed_AnotherRun()
    {
        var network = new QueueSimulation(Third, [300.0, 500.0], [0.01, 0.03]);
        var first = network.Run(9, 20_000, 1000);
        var again = network.Run(9, 20_000, 1000);
        Assert.Equal(first.ClassMeans.ToArray(), again.ClassMeans);
        Assert.Equal(first.ClassTails[1].ToArray(), again.ClassTails[1]);
        Assert.Equal(first.SimulatedSeconds, again.SimulatedSeconds);
        Assert.NotEqual(first.SimulatedSeconds, network.Run(10, 20_000, 1000).SimulatedSeconds);
    }

    [Fact]
    public void Counts_AreConsistent()
    {
        var seen = new QueueSimulation(Third, [300.0, 500.0], [0.0, 0.01, 1000]).Run(5, 64_000, 5000);
        Assert.Equal(64_000, seen.SimulatedTasks);
        Assert.InRange(seen.SimulatedEvents, 4 * 64_000 - 3000, 4 * 64_000 + 3000);   // one arrival and three completions a task
        Assert.Equal(64_000 / 800.0, seen.SimulatedSeconds, 2.0);
        Assert.Equal(1, seen.ClassTails[0][0].Value);                                 // every time exceeds 0
        Assert.Equal(0, seen.AggregateTails[1][2].Value);
        Assert.Equal(3.69 / 64_000, seen.AggregateTails[1][2].HalfWidth, 1e-9);
        Assert.Equal(seen.ClassTails[0].ToArray(), seen.AggregateTails[0]);
    }

    [Fact]
    public void LongerRun_AllocatesNoMore()
    {
        var network = new QueueSimulation(Third, [300.0, 500.0], [0.01]);
        network.Run(1, 64, 0);
        var shorter = Allocated(10_000);
        Assert.Equal(shorter, Allocated(200_000));

        long Allocated(long tasks)
        {
            var before = GC.GetAllocatedBytesForCurrentThread();
            network.Run(1, tasks, 0);
            return GC.GetAllocatedBytesForCurrentThread() - before;
        }
    }

    [Fact]
    public void LongLines_GrowAndKeepTheirOrder()
    {
        // Near saturation the line outgrows its first ring many times; first come, first served must survive that.
        var law = new StageLaw(new(1, 1), 0.995);
        var seen = new QueueSimulation([new(1, 1)], [0.995], [200.0]).Run(6, 2_000_000, 200_000);
        AssertWithin(law.Mean, seen.ClassMeans[0]);
        AssertWithin(law.Tail(200), seen.ClassTails[0][0]);
    }

    [Fact]
    public void Cancellation_IsHeeded() =>
        Assert.Throws<OperationCanceledException>(() => new QueueSimulation(Third, [10.0], []).Run(1, 1_000_000, 0, new CancellationToken(true)));

    [Fact]
    public void BadArguments_AreRefused()
    {
        Assert.Throws<ArgumentException>(() => new QueueSimulation(Third, [1000.0, 380.0], []));   // 12 servers of 115/s
        Assert.Throws<ArgumentException>(() => new QueueSimulation(Third, [], []));
        Assert.Throws<ArgumentException>(() => new QueueSimulation(Third, [0.0], []));
        Assert.Throws<ArgumentException>(() => new QueueSimulation([], [1.0], []));
        Assert.Throws<ArgumentException>(() => new QueueSimulation(Third, [1.0], [0.2, 0.1]));
        Assert.Throws<ArgumentException>(() => new QueueSimulation(Third, [1.0], [double.NaN]));
        Assert.Throws<ArgumentOutOfRangeException>(() => new QueueSimulation(Third, [-1.0], []));
        Assert.Throws<ArgumentOutOfRangeException>(() => new QueueSimulation([new(0, 1)], [0.1], []));
        Assert.Throws<ArgumentOutOfRangeException>(() => new QueueSimulation(Third, [1.0], []).Run(1, 10, 0));
        Assert.Throws<ArgumentOutOfRangeException>(() => new QueueSimulation(Third, [1.0], []).Run(1, 100, -1));
    }

    private static void AssertWithin(double exact, SimulatedEstimate estimate) =>
        Assert.InRange(exact, estimate.Value - 2 * estimate.HalfWidth, estimate.Value + 2 * estimate.HalfWidth);
}
