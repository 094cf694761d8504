using FsCheck;
using FsCheck.Fluent;
using Menuet.Queueing;

namespace Menuet.Tests.Queueing;

public sealed class SojournLawTests
{
    [Fact]
    public void TailAndDensity_MatchReference()
    {
        var rows = 0;
        foreach (var (name, stages, rate, time, tail, density) in QueueReference.Tails())
        {
            rows++;
            var law = new SojournLaw(stages, rate);
            Assert.True(Math.Abs(law.Tail(time) - tail) <= 1e-15, name);
            if (tail > 1e-300)
                Assert.True(Math.Abs(law.Tail(time) / tail - 1) <= 5e-14, $"{name} {time}: {law.Tail(time) / tail - 1}");
            if (density > 1e-300)
                Assert.True(Math.Abs(law.Density(time) / density - 1) <= 5e-14, $"{name} {time}: {law.Density(time) / density - 1}");
        }
        Assert.Equal(70, rows);
    }

    [Fact]
    public void Tail_FallsFromOneToNothing() =>
        Prop.ForAll(QueueDraw.Any, draw =>
        {
            var law = new SojournLaw(draw.Stages, draw.ArrivalRate);
            Assert.Equal(1, law.Tail(0), 1e-15);
            Assert.Equal(1, law.Tail(-1));
            var before = 1.0;
            for (var t = law.Mean * 1e-4; t < law.Mean * 300; t *= 1.3)
            {
                law.Evaluate(t, out var tail, out var density);
                Assert.InRange(tail, 0, before * (1 + 1e-14));
                Assert.True(density >= 0 && double.IsFinite(density));
                before = tail;
            }
            Assert.Equal(0, law.Tail(double.PositiveInfinity));
            Assert.InRange(law.Tail(law.Mean * 60), 0, 1e-3);
        }).QuickCheckThrowOnFailure();

    [Fact]
    public void Density_IsTheSlope_AndTheTailIntegratesToTheMean() =>
        Prop.ForAll(QueueDraw.Any, draw =>
        {
            var law = new SojournLaw(draw.Stages, draw.ArrivalRate);
            double integral = 0, mass = 0;   // Simpson on intervals growing geometrically, beyond a short beginning
            for (double low = 0, high = 1e-4 * law.Mean; low < 800 * law.Mean; (low, high) = (high, 1.02 * high))
            {
                law.Evaluate(low, out var tail0, out var density0);
                law.Evaluate(0.5 * (low + high), out var tail1, out var density1);
                law.Evaluate(high, out var tail2, out var density2);
                integral += (high - low) / 6 * (tail0 + 4 * tail1 + tail2);
                mass += (high - low) / 6 * (density0 + 4 * density1 + density2);
            }
            Assert.Equal(1, integral / law.Mean, 1e-7);
            // The density may have a layer at 0 far thinner than the mean: Simpson needs it to be resolved.
            var thin = draw.Laws.Min(s => 1 / Math.Max(s.ServiceRate, s.SpareRate));
            if (thin > 0.01 * law.Mean)
                Assert.Equal(1, mass, 1e-6);
            var h = 1e-4 * law.Mean * Math.Min(1, thin / law.Mean);
            var at = 0.7 * law.Mean;
            var slope = (law.Tail(at - h) - law.Tail(at + h)) / (2 * h);
            Assert.Equal(law.Density(at) * law.Mean, slope * law.Mean, 1e-6 + 1e-13 * law.Mean / h);
        }).QuickCheckThrowOnFailure();

    [Fact]
    public void MoreLoad_IsSlower_AndOrderAndUnitsOfTimeDoNotMatter() =>
        Prop.ForAll(QueueDraw.Any, Gen.Choose(1, 4000).Select(k => k / 100.0).ToArbitrary(), (draw, times) =>
        {
            var law = new SojournLaw(draw.Stages, draw.ArrivalRate);
            var t = times * draw.ServiceTime;
            var tail = law.Tail(t);
            Assert.True(new SojournLaw(draw.Stages, draw.ArrivalRate * 0.9).Tail(t) <= tail * (1 + 1e-13));
            if (tail < 1e-280)
                return;
            Assert.Equal(1, new SojournLaw([.. draw.Stages.Reverse()], draw.ArrivalRate).Tail(t) / tail, 1e-13);
            var faster = draw.Stages.Select(s => s with { ServiceRate = s.ServiceRate * 1024 }).ToArray();
            Assert.Equal(tail, new SojournLaw(faster, draw.ArrivalRate * 1024).Tail(t / 1024));
        }).QuickCheckThrowOnFailure();

    [Fact]
    public void Quantile_InvertsTheTail() =>
        Prop.ForAll(QueueDraw.Any, Gen.Choose(1, 300).Select(k => Math.Pow(10, -k / 10.0)).ToArbitrary(), (draw, p) =>
        {
            var law = new SojournLaw(draw.Stages, draw.ArrivalRate);
            var time = law.Quantile(p);
            Assert.Equal(1, law.Tail(time) / p, 1e-12);
            Assert.True(law.Quantile(0.5 * p) > time);
        }).QuickCheckThrowOnFailure();

    [Fact]
    public void Quantile_HasItsEnds()
    {
        var law = new SojournLaw([new(2, 10)], 5);
        Assert.Equal(0, law.Quantile(1));
        Assert.Equal(double.PositiveInfinity, law.Quantile(0));
        Assert.Throws<ArgumentOutOfRangeException>(() => law.Quantile(1.5));
        Assert.Throws<ArgumentOutOfRangeException>(() => law.Quantile(double.NaN));
        Assert.Equal(double.PositiveInfinity, new SojournLaw([new(2, 10)], 50).Quantile(0.5));
    }

    [Fact]
    public void AnyOverloadedStage_KeepsEveryoneForEver()
    {
        var law = new SojournLaw([new(48, 200), new(24, 115), new(194, 200)], 24 * 115);
        Assert.False(law.IsStable);
        Assert.Equal(double.PositiveInfinity, law.Mean);
        Assert.Equal(1, law.Tail(1e6));
        Assert.Equal(0, law.Density(0.1));
    }

    [Fact]
    public void BadArguments_AreRefused()
    {
        Assert.Throws<ArgumentException>(() => new SojournLaw(ReadOnlySpan<StageLaw>.Empty));
        Assert.Throws<ArgumentException>(() => new SojournLaw([new(1, 2), new(1, 2), new(1, 2), new(1, 2)], 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => new SojournLaw([new(1, 1)], 0.5).Tail(double.NaN));
    }

    [Fact]
    public void Evaluation_AllocatesNothing()
    {
        var law = new SojournLaw([new(48, 200), new(24, 115), new(194, 200)], 2000);
        law.Tail(0.1);
        var before = GC.GetAllocatedBytesForCurrentThread();
        var sum = 0.0;
        for (var i = 0; i < 1000; i++)
            sum += law.Tail(i * 1e-4) + law.Density(i * 1e-4);
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
        Assert.True(sum > 0);
    }
}
