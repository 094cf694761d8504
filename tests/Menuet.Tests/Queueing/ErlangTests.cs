using FsCheck;
using FsCheck.Fluent;
using Menuet.Queueing;

namespace Menuet.Tests.Queueing;

public sealed class ErlangTests
{
    [Fact]
    public void BothFormulas_MatchReference()
    {
        foreach (var (servers, load, blocking, waiting) in QueueReference.Erlangs())
        {
            if (blocking > 1e-300)
                Assert.Equal(1, Erlang.BlockingProbability(servers, load) / blocking, 1e-14);
            if (waiting > 1e-300)
                Assert.Equal(1, Erlang.WaitingProbability(servers, load) / waiting, 1e-14);
        }
    }

    [Theory]
    [InlineData(1, 0.25, 0.2, 0.25)]
    [InlineData(2, 1.0, 1.0 / 5, 1.0 / 3)]
    [InlineData(3, 2.0, 4.0 / 19, 4.0 / 9)]
    [InlineData(3, 0.0, 0.0, 0.0)]
    public void SmallSystems_MatchHandComputation(int servers, double load, double blocking, double waiting)
    {
        Assert.Equal(blocking, Erlang.BlockingProbability(servers, load), 1e-16);
        Assert.Equal(waiting, Erlang.WaitingProbability(servers, load), 1e-16);
    }

    [Fact]
    public void EveryLoadAndSize_GivesProbabilitiesInOrder()
    {
        foreach (var servers in (int[])[1, 2, 7, 255, 256, 257, 300, 4096, 100_000])
        {
            double lastBlocking = 0, lastWaiting = 0;
            foreach (var share in (double[])[0, 1e-300, 1e-9, 0.1, 0.5, 0.9, 0.999, 1 - 1e-12, 1, 1 + 1e-12, 1.5, 1e3, 1e9])
            {
                var load = share * servers;
                var blocking = Erlang.BlockingProbability(servers, load);
                var waiting = Erlang.WaitingProbability(servers, load);
                Assert.InRange(blocking, lastBlocking, 1);
                Assert.InRange(waiting, lastWaiting, 1);
                Assert.True(waiting >= blocking);
                (lastBlocking, lastWaiting) = (blocking, waiting);
            }
            Assert.Equal(1, lastWaiting);
            Assert.Equal(1 - 1e-9, lastBlocking, 1e-12);
        }
    }

    [Fact]
    public void DeepBlocking_IsKeptDownToTheSmallestDoubles()
    {
        // Far below capacity the sum in the denominator is e^a, and B the Poisson weight.
        foreach (var (servers, load) in ((int, double)[])[(170, 3), (257, 10), (300, 20), (1000, 300)])
        {
            var logarithm = servers * Math.Log(load) - load - LogFactorial(servers);
            Assert.InRange(logarithm, -705, -300);
            Assert.Equal(logarithm, Math.Log(Erlang.BlockingProbability(servers, load)), 1e-11);
        }
        Assert.Equal(0, Erlang.BlockingProbability(100_000, 3));
    }

    [Fact]
    public void Blocking_FollowsItsRecursionInTheNumberOfServers() =>
        Prop.ForAll(
            Gen.Choose(2, 2000).ToArbitrary(), Gen.Choose(1, 1_500_000).Select(k => k / 1000.0).ToArbitrary(),
            (servers, load) =>
            {
                var before = Erlang.BlockingProbability(servers - 1, load);
                var now = Erlang.BlockingProbability(servers, load);
                var expected = load * before / (servers + load * before);
                return expected < 1e-290 || Math.Abs(now / expected - 1) < 1e-14;
            }).QuickCheckThrowOnFailure();

    [Theory]
    [InlineData(0, 1.0)]
    [InlineData(1, -1.0)]
    [InlineData(1, double.NaN)]
    [InlineData(1, double.PositiveInfinity)]
    public void BadArguments_AreRefused(int servers, double load)
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => Erlang.BlockingProbability(servers, load));
        Assert.Throws<ArgumentOutOfRangeException>(() => Erlang.WaitingProbability(servers, load));
    }

    private static double LogFactorial(int n) => Enumerable.Range(1, n).Sum(k => Math.Log(k));
}
