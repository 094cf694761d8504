using Menuet.Queueing;

namespace Menuet.Tests.Queueing;

public sealed class StageLawTests
{
    [Theory]
    [InlineData(3, 10.0, 12.0)]
    [InlineData(2, 10.0, 14.0)]
    [InlineData(48, 200.0, 9000.0)]
    public void Tail_IsThePrintedFormula_WhereItIsDefined(int servers, double mu, double lambda)
    {
        var law = new StageLaw(new(servers, mu), lambda);
        double c = law.WaitingProbability, r = servers * mu - lambda;
        for (var t = 0.0; t < 1; t += 0.01)
        {
            var printed = (1 - c) * Math.Exp(-mu * t) + c * (mu * Math.Exp(-r * t) - r * Math.Exp(-mu * t)) / (mu - r);
            Assert.Equal(printed, law.Tail(t), 1e-13);
        }
    }

    [Fact]
    public void OneServer_IsExponential()
    {
        var law = new StageLaw(new(1, 5), 3);
        Assert.Equal(3.0 / 5, law.WaitingProbability, 1e-16);
        Assert.Equal(0.5, law.Mean, 1e-15);
        for (var t = 0.0; t < 20; t += 0.37)
        {
            Assert.Equal(1, law.Tail(t) / Math.Exp(-2 * t), 1e-13);
            Assert.Equal(1, law.Density(t) / (2 * Math.Exp(-2 * t)), 1e-13);
        }
    }

    [Fact]
    public void EqualRates_AreTheLimit()
    {
        // c = 2, λ = μ: r = μ exactly, C = 1/3.
        var law = new StageLaw(new(2, 100), 100);
        foreach (var t in (double[])[0.001, 0.02, 0.3, 2])
        {
            Assert.Equal(1, law.Tail(t) / (Math.Exp(-100 * t) * (1 + 100 * t / 3)), 1e-14);
            foreach (var shift in (double[])[1e-13, 1e-9, 1e-6])
                Assert.Equal(law.Tail(t), new StageLaw(new(2, 100), 100 * (1 + shift)).Tail(t), 2 * shift);
        }
    }

    [Fact]
    public void OneStage_AgreesWithTheTandemOfOne()
    {
        foreach (var (servers, mu, share) in ((int, double, double)[])[(1, 3, 0.5), (2, 7, 0.5), (10, 1, 0.9), (48, 200, 0.99), (1000, 2, 0.97), (3, 4, 0)])
        {
            var law = new StageLaw(new(servers, mu), share * servers * mu);
            var tandem = new SojournLaw([law]);
            Assert.Equal(law.Mean, tandem.Mean);
            for (var t = 0.0; t < 60 / mu; t += 0.7 / mu)
            {
                Assert.Equal(1, law.Tail(t) / tandem.Tail(t), 2e-14);
                Assert.Equal(1, law.Density(t) / tandem.Density(t), 2e-14);
            }
        }
    }

    [Theory]
    [InlineData(20.0)]
    [InlineData(1e9)]
    public void Overload_KeepsEveryoneForEver(double lambda)
    {
        var law = new StageLaw(new(2, 10), lambda);
        Assert.False(law.IsStable);
        Assert.Equal(1, law.WaitingProbability);
        Assert.Equal(double.PositiveInfinity, law.Mean);
        Assert.Equal(1, law.Tail(1e9));
        Assert.Equal(0, law.Density(1));
    }

    [Fact]
    public void Extremes_StayFinite()
    {
        var law = new StageLaw(new(100_000, 1e-3), 99.999);
        Assert.Equal(1, law.Tail(-1));
        Assert.Equal(1, law.Tail(0));
        Assert.Equal(0, law.Tail(double.PositiveInfinity));
        Assert.Equal(0, law.Tail(double.MaxValue));
        Assert.Equal(0, law.Density(double.MaxValue));
        Assert.InRange(law.Tail(1000), 0.3, 1);
        Assert.Throws<ArgumentOutOfRangeException>(() => law.Tail(double.NaN));
        Assert.Throws<ArgumentOutOfRangeException>(() => law.Density(double.NaN));
    }

    [Theory]
    [InlineData(0, 1.0, 1.0)]
    [InlineData(1, 0.0, 1.0)]
    [InlineData(1, double.NaN, 1.0)]
    [InlineData(1, double.PositiveInfinity, 1.0)]
    [InlineData(1, 1.0, -1.0)]
    [InlineData(1, 1.0, double.NaN)]
    [InlineData(1, 1.0, double.PositiveInfinity)]
    public void BadArguments_AreRefused(int servers, double mu, double lambda) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => new StageLaw(new(servers, mu), lambda));
}
