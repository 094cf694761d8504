namespace Menuet.Experiments.Tests;

public sealed class RulesTests
{
    [Theory]
    [InlineData(1, 2, 3, Verdict.Holds)]
    [InlineData(-1, 2, 3, Verdict.Partly)]
    [InlineData(-3, -2, 3, Verdict.NotSupported)]
    public void Above_AsksTheInterval(double low, double value, double high, Verdict expected) => Assert.Equal(expected, Rules.Above(0)([Of(low, value, high)]));

    [Theory]
    [InlineData(-3, -2, -1, Verdict.Holds)]
    [InlineData(-3, -2, 1, Verdict.Partly)]
    [InlineData(-3, 2, 3, Verdict.NotSupported)]
    public void Below_AsksTheInterval(double low, double value, double high, Verdict expected) => Assert.Equal(expected, Rules.Below(0)([Of(low, value, high)]));

    [Theory]
    [InlineData(10.4, Verdict.Holds)]
    [InlineData(11.4, Verdict.Partly)]
    [InlineData(12, Verdict.NotSupported)]
    public void Equals_IsRelative(double value, Verdict expected) => Assert.Equal(expected, Rules.Equals(10, 0.05)([Of(value, value, value)]));

    [Fact]
    public void ProvenBoundBelowTheClaim_ExcludesIt()
    {
        Assert.Equal(Verdict.CannotHold, Rules.AtMostBound(10, 0.05)([Of(4, 4, 4), Of(9, 9, 9)]));
        Assert.Equal(Verdict.NotSupported, Rules.AtMostBound(10, 0.05)([Of(4, 4, 4), Of(9.6, 9.6, 9.6)]));
    }

    [Fact]
    public void Descending_NeedsIntervalsApart()
    {
        Assert.Equal(Verdict.Holds, Rules.Descending([Of(5, 6, 7), Of(2, 3, 4)]));
        Assert.Equal(Verdict.Partly, Rules.Descending([Of(3, 6, 7), Of(2, 3, 4)]));
        Assert.Equal(Verdict.NotSupported, Rules.Descending([Of(1, 2, 3), Of(2, 3, 4)]));
    }

    [Fact]
    public void Largest_NeedsIntervalsApart_FromAllOrSome()
    {
        Assert.Equal(Verdict.Holds, Rules.Largest([Of(5, 6, 7), Of(2, 3, 4), Of(1, 2, 3)]));
        Assert.Equal(Verdict.Partly, Rules.Largest([Of(5, 6, 7), Of(2, 3, 5), Of(1, 2, 3)]));
        Assert.Equal(Verdict.NotSupported, Rules.Largest([Of(5, 6, 7), Of(2, 3, 5)]));
        Assert.Equal(Verdict.Holds, Rules.Smallest([Of(1, 2, 3), Of(4, 5, 6)]));
        Assert.Equal(Verdict.NotSupported, Rules.Smallest([Of(1, 2, 4), Of(4, 5, 6)]));
    }

    [Fact]
    public void Mean_HasStudentsInterval()
    {
        // t(0.975, 3) = 3.18244630528; s = 1.29099444874; half width = t s / 2
        var mean = Quantity.Mean("m", "", "", [1, 2, 3, 4]);
        Assert.Equal(2.5, mean.Value);
        Assert.Equal(2.5 + (3.18244630528 * 1.29099444874 / 2), mean.High, 1e-8);
        Assert.Equal(double.PositiveInfinity, Quantity.Mean("m", "", "", [1]).High);
    }

    private static Quantity Of(double low, double value, double high) => new("q", "", "", value, low, high, 1);
}
