using FsCheck;
using FsCheck.Fluent;
using Menuet.Queueing;

namespace Menuet.Tests.Queueing;

public sealed class ChernoffBoundTests
{
    private static readonly ServiceStage[] First = [new(48, 200), new(24, 115), new(194, 200)];
    private static readonly ServiceStage[] Third = [new(28, 200), new(12, 115), new(115, 200)];

    [Theory]   // How loose the bounds are where the exact tail is, to two digits, a round number: hence the tolerance.
    [InlineData(3, 1000.0, 1e-2, 0.380, 0.111)]
    [InlineData(3, 1000.0, 1e-3, 0.214, 0.0172)]
    [InlineData(1, 2500.0, 1e-3, 0.576, 0.0163)]
    public void Looseness_IsAsPublished(int number, double rate, double exact, double printed, double optimal)
    {
        var stages = number == 1 ? First : Third;
        var laws = Array.ConvertAll(stages, s => new StageLaw(s, rate));
        var latency = new SojournLaw(laws).Quantile(exact);
        Assert.Equal(printed, ChernoffBound.Printed(laws, 0.9).Value(latency), 0.0015);
        Assert.Equal(optimal, ChernoffBound.Optimal(laws, latency).Value(latency), 0.0006);
    }

    [Fact]
    public void PrintedBound_OfOneServer_IsTheFormula()
    {
        // M/M/1, μ = 2, λ = 1: η = 0.9, and the sojourn is exponential with rate 1, so A = 1/(1 − 0.9).
        var bound = ChernoffBound.Printed([new StageLaw(new(1, 2), 1)], 0.9);
        Assert.Equal(0.9, bound.Exponent, 1e-15);
        Assert.Equal(Math.Log(10), bound.LogAmplitude, 1e-14);
        // Its best exponent at L is 1 − 1/L, the bound L e^{1−L}.
        var best = ChernoffBound.Optimal([new StageLaw(new(1, 2), 1)], 8);
        Assert.Equal(1 - 1.0 / 8, best.Exponent, 1e-15);
        Assert.Equal(8 * Math.Exp(-7), best.Value(8), 1e-16);
    }

    [Fact]
    public void Bounds_HoldAndTheOptimalOneIsBest() =>
        Prop.ForAll(QueueDraw.Any, Gen.Choose(1, 400).Select(k => k / 10.0).ToArbitrary(), (draw, times) =>
        {
            var laws = draw.Laws;
            var law = new SojournLaw(laws);
            var latency = times * law.Mean;
            var exact = Math.Log(law.Tail(latency));
            var optimal = ChernoffBound.Optimal(laws, latency);
            Assert.True(optimal.LogValue(latency) >= exact - 1e-12 * Math.Abs(exact));
            Assert.True(optimal.LogValue(latency) <= 0);
            foreach (var zeta in (double[])[0.1, 0.7, 0.9, 0.999])
            {
                var printed = ChernoffBound.Printed(laws, zeta);
                Assert.True(printed.LogValue(latency) >= optimal.LogValue(latency) - 1e-11 * (1 + Math.Abs(optimal.LogValue(latency))));
                Assert.Equal(Math.Min(1, Math.Exp(printed.LogValue(latency))), printed.Value(latency), 1e-15);
                Assert.Equal(0, printed.LogValue(printed.Kink), 1e-12 * (1 + printed.LogAmplitude));
            }
        }).QuickCheckThrowOnFailure();

    [Fact]
    public void OptimalExponent_SolvesItsEquation() =>
        Prop.ForAll(QueueDraw.Any, Gen.Choose(11, 4000).Select(k => k / 10.0).ToArbitrary(), (draw, times) =>
        {
            var laws = draw.Laws;
            var latency = times * laws.Sum(s => s.Mean);
            var eta = ChernoffBound.Optimal(laws, latency).Exponent;
            var (below, above) = (Slope(laws, eta * (1 - 1e-10)), Slope(laws, eta * (1 + 1e-10)));
            Assert.True(below <= latency * (1 + 1e-13), $"{eta} {below} {latency}");
            Assert.True(above >= latency * (1 - 1e-13) || above < 0, $"{eta} {above} {latency}");   // beyond the pole the sign turns
        }).QuickCheckThrowOnFailure();

    [Fact]
    public void EarlyLatencies_GetTheTrivialBound()
    {
        var laws = Array.ConvertAll(First, s => new StageLaw(s, 900));
        var mean = new SojournLaw(laws).Mean;
        Assert.Equal(default, ChernoffBound.Optimal(laws, mean));
        Assert.Equal(1, ChernoffBound.Optimal(laws, -1).Value(-1));
        Assert.True(ChernoffBound.Optimal(laws, mean * 1.0001).Exponent > 0);
        Assert.Equal(0, ChernoffBound.Optimal(laws, 1e300).Value(1e300));
    }

    [Fact]
    public void Overload_GivesOneEverywhere()
    {
        var laws = Array.ConvertAll(Third, s => new StageLaw(s, 12 * 115));
        foreach (var bound in (ChernoffBound[])[ChernoffBound.Printed(laws, 0.9), ChernoffBound.Optimal(laws, 5)])
        {
            Assert.Equal((0.0, 0.0), (bound.LogAmplitude, bound.Exponent));
            Assert.Equal(1, bound.Value(1e9));
            Assert.Equal(double.PositiveInfinity, bound.Kink);
        }
    }

    [Theory]
    [InlineData(0.0)]
    [InlineData(1.0)]
    [InlineData(double.NaN)]
    public void BadZeta_IsRefused(double zeta) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => ChernoffBound.Printed([new StageLaw(new(1, 2), 1)], zeta));

    [Fact]
    public void BadLatencyOrNoStage_IsRefused()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => ChernoffBound.Optimal([new StageLaw(new(1, 2), 1)], double.NaN));
        Assert.Throws<ArgumentOutOfRangeException>(() => ChernoffBound.Optimal([new StageLaw(new(1, 2), 1)], double.PositiveInfinity));
        Assert.Throws<ArgumentException>(() => ChernoffBound.Optimal([], 1));
    }

    /// <summary>K′(η) as the published sum.</summary>
    private static double Slope(StageLaw[] laws, double eta)
    {
        var sum = 0.0;
        foreach (var law in laws)
        {
            double c = law.WaitingProbability, r = law.SpareRate, mu = law.ServiceRate;
            if (eta >= mu || (c > 0 && eta >= r))
                return -1;
            sum += 1 / (mu - eta) + (c == 0 ? 0 : c * r / ((r - eta) * (r - eta)) / (1 - c + c * r / (r - eta)));
        }
        return sum;
    }
}
