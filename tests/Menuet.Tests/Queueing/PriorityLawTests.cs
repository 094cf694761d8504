using FsCheck;
using FsCheck.Fluent;
using Menuet.Queueing;

namespace Menuet.Tests.Queueing;

public sealed class PriorityLawTests
{
    [Fact]
    public void HighestClass_SeesItselfAlone() =>
        Prop.ForAll(QueueDraw.Any, Gen.Choose(1, 2000).Select(k => k / 100.0).ToArbitrary(), (draw, times) =>
        {
            var law = new PriorityLaw(draw.Stages, 0, draw.ArrivalRate);
            var alone = new SojournLaw(draw.Stages, draw.ArrivalRate);
            Assert.Equal(1, law.Mean / alone.Mean, 1e-12);
            var t = times * draw.ServiceTime;
            law.Evaluate(t, out var tail, out var density);
            Assert.Equal(alone.Tail(t), tail, 1e-12);
            Assert.Equal(alone.Density(t) * t, density * t, 1e-12);
        }).QuickCheckThrowOnFailure();

    [Theory]
    [InlineData(1, 10.0, 4.0, 3.0)]
    [InlineData(1, 10.0, 0.1, 9.5)]
    [InlineData(2, 5.0, 6.0, 0.0)]
    [InlineData(2, 1.0, 0.5, 0.5)]
    [InlineData(5, 2.0, 7.0, 2.5)]
    [InlineData(12, 115.0, 1000.0, 250.0)]
    [InlineData(48, 200.0, 9000.0, 300.0)]
    [InlineData(40, 1.0, 1e-9, 37.0)]
    [InlineData(200, 1.0, 60.0, 130.0)]
    public void Tail_MatchesUniformisation(int servers, double mu, double higher, double own)
    {
        var law = new PriorityLaw([new(servers, mu)], higher, own);
        Assert.True(law.IsExact);
        foreach (var time in (double[])[0.02 / mu, 0.5 / mu, 2 / mu, 9 / mu])
        {
            var (low, high) = Uniformised(servers, mu, higher, own, time);
            Assert.InRange(high - low, 0, 1e-12);
            Assert.InRange(law.Tail(time), low - 2e-13, high + 2e-13);
        }
    }

    [Fact]
    public void OneServer_HasTheKnownMean()
    {
        // M/M/1 with pre-emptive resume: E[T_n] = (1/μ) / ((1 − σ_{n−1}) (1 − σ_n)).
        foreach (var (higher, own) in ((double, double)[])[(0, 0.4), (0.3, 0.5), (0.89, 0.1), (0.5, 0), (1 - Math.ScaleB(1, -30), 0)])
            Assert.Equal(1, new PriorityLaw([new(1, 1)], higher, own).Mean * (1 - higher) * (1 - higher - own), 1e-12);
    }

    [Fact]
    public void Classes_ShareTheWorkOfTheAggregate() =>
        Prop.ForAll(QueueDraw.Any, draw =>
        {
            // Little's law: the number present does not depend on who goes first, so Σ λ_n E[T_n] = Λ E[T].
            double[] shares = [0.1, 0.25, 0.05, 0.6];
            double before = 0, sum = 0;
            foreach (var share in shares)
            {
                var own = share * draw.ArrivalRate;
                sum += own * new PriorityLaw(draw.Stages, before, own).Mean;
                before += own;
            }
            if (draw.ArrivalRate > 0)
                Assert.Equal(1, sum / (draw.ArrivalRate * new SojournLaw(draw.Stages, before).Mean), 1e-9);
        }).QuickCheckThrowOnFailure();

    [Fact]
    public void Tail_Falls_AndRisesWithHigherLoad() =>
        Prop.ForAll(QueueDraw.Any, Gen.Choose(0, 10).Select(k => k / 10.0).ToArbitrary(), (draw, higherShare) =>
        {
            var higher = higherShare * draw.ArrivalRate;
            var law = new PriorityLaw(draw.Stages, higher, draw.ArrivalRate - higher);
            var lighter = new PriorityLaw(draw.Stages, 0.8 * higher, draw.ArrivalRate - higher);
            Assert.Equal(1, law.Tail(0));
            Assert.Equal(0, law.Tail(double.PositiveInfinity));
            var before = 1.0;
            for (var t = 0.01 * draw.ServiceTime; t < 1000 * draw.ServiceTime; t *= 1.7)
            {
                law.Evaluate(t, out var tail, out var density);
                Assert.InRange(tail, 0, before + 2e-13);
                Assert.True(density >= 0);
                Assert.True(lighter.Tail(t) <= tail + 2e-13);
                before = tail;
            }
        }).QuickCheckThrowOnFailure();

    [Fact]
    public void Density_IsTheSlope()
    {
        var law = new PriorityLaw([new(28, 200), new(12, 115), new(115, 200)], 1000, 250);
        Assert.False(law.IsExact);
        foreach (var t in (double[])[0.004, 0.02, 0.1, 0.4])
        {
            law.Evaluate(t, out _, out var density);
            var h = 1e-3 * t;
            var slope = (8 * (law.Tail(t - h) - law.Tail(t + h)) - law.Tail(t - 2 * h) + law.Tail(t + 2 * h)) / (12 * h);
            Assert.Equal(slope, density, 1e-8);
        }
    }

    [Fact]
    public void HundredThousandServers_AreExactToo()
    {
        // One stray task among servers that are never all busy: it is simply served.
        var calm = new PriorityLaw([new(100_000, 1)], 50_000, 0);
        Assert.Equal(Math.Exp(-1), calm.Tail(1), 1e-12);
        var heavy = new PriorityLaw([new(100_000, 1)], 99_000, 900);
        Assert.InRange(heavy.Tail(1), Math.Exp(-1), 1);
        Assert.InRange(heavy.Mean, 1, 10);
    }

    [Fact]
    public void Overload_HitsTheLowClassAlone()
    {
        Assert.True(new PriorityLaw([new(2, 10)], 0, 15).IsStable);
        var low = new PriorityLaw([new(2, 10)], 15, 5);
        Assert.False(low.IsStable);
        Assert.Equal(1, low.Tail(1e9));
        Assert.Equal(double.PositiveInfinity, low.Mean);
    }

    [Fact]
    public void BadArguments_AreRefused()
    {
        Assert.Throws<ArgumentException>(() => new PriorityLaw([], 1, 1));
        Assert.Throws<ArgumentException>(() => new PriorityLaw([new(1, 9), new(1, 9), new(1, 9), new(1, 9)], 1, 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => new PriorityLaw([new(1, 9)], -1, 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => new PriorityLaw([new(1, 9)], 1, double.NaN));
        Assert.Throws<ArgumentOutOfRangeException>(() => new PriorityLaw([new(0, 9)], 1, 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => new PriorityLaw([new(1, 9)], 1, 1).Tail(double.NaN));
    }

    /// <summary>
    /// The killed chain of the number ahead, step by step: positive terms, so that what is left out (mass that starts or climbs above the last
    /// state, Poisson weights beyond the last step) bounds the error.
    /// </summary>
    private static (double Low, double High) Uniformised(int servers, double mu, double higher, double own, double time)
    {
        double joint = higher + own, capacity = servers * mu, rate = higher + capacity;
        var states = servers + 200 + (int)(36 / -Math.Log(Math.Max(joint / capacity, 1e-3)));
        var ahead = new double[states];
        ahead[0] = 1;
        for (var k = 1; k < states; k++)
            ahead[k] = ahead[k - 1] * joint / (Math.Min(k, servers) * mu);
        var above = ahead[^1] * joint / (capacity - joint);
        var all = ahead.Sum() + above;
        ahead = Array.ConvertAll(ahead, x => x / all);
        var lost = above / all;

        var mean = rate * time;
        var steps = (int)(mean + 10 * Math.Sqrt(mean) + 40);
        var weights = new double[steps + 1];
        weights[(int)mean] = 1;
        for (var k = (int)mean + 1; k <= steps; k++)
            weights[k] = weights[k - 1] * mean / k;
        for (var k = (int)mean - 1; k >= 0; k--)
            weights[k] = weights[k + 1] * (k + 1) / mean;
        var total = weights.Sum();
        var beyond = weights[^1] / total * mean / (steps - mean);   // geometric bound of the weights left out

        var low = 0.0;
        var next = new double[states];
        for (var step = 0; step <= steps; step++)
        {
            low += weights[step] / total * ahead.Sum();
            for (var k = 0; k < states; k++)
            {
                var leaving = higher + Math.Min(k, servers) * mu + (k < servers ? mu : 0);
                next[k] = ahead[k] * (rate - leaving) + (k > 0 ? ahead[k - 1] * higher : 0)
                    + (k + 1 < states ? ahead[k + 1] * Math.Min(k + 1, servers) * mu : 0);
                next[k] /= rate;
            }
            lost += ahead[^1] * higher / rate;
            (ahead, next) = (next, ahead);
        }
        return (low - beyond, low + lost + beyond);
    }
}
