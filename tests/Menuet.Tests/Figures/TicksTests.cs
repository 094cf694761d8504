using FsCheck;
using FsCheck.Fluent;
using Menuet.Figures;

namespace Menuet.Tests.Figures;

public class TicksTests
{
    [Theory]
    [InlineData(0, 10, 5, "", "0|2|4|6|8|10", "q")]
    [InlineData(4.8, 5.4, 6, "", "4.8|4.9|5.0|5.1|5.2|5.3|5.4", "q")]
    [InlineData(-3, 3, 6, "", "−3|−2|−1|0|1|2|3", "q")]
    [InlineData(0, 25000, 5, "money", "0|5,000|10,000|15,000|20,000|25,000", "q [money]")]
    [InlineData(0, 2.5e6, 5, "money", "0.0|0.5|1.0|1.5|2.0|2.5", "q [10⁶ money]")]
    [InlineData(0, 2.5e6, 5, "", "0.0|0.5|1.0|1.5|2.0|2.5", "q (×10⁶)")]
    [InlineData(0, 2e9, 4, "Hz", "0.0|0.5|1.0|1.5|2.0", "q [GHz]")]
    [InlineData(0, 0.05, 5, "s", "0|10|20|30|40|50", "q [ms]")]
    [InlineData(0, 4e-5, 4, "", "0|10|20|30|40", "q (×10⁻⁶)")]
    public void Of_Linear_IsRound(double low, double high, int count, string unit, string labels, string title)
    {
        var ticks = Ticks.Of(new Scale(AxisScale.Linear, low, high), count, unit);
        Assert.Equal(labels, string.Join('|', ticks.Labels));
        Assert.Equal(title, ticks.Title(new Axis("q", unit)));
    }

    [Theory]
    [InlineData(0.01, 1000, 8, "0.01|0.1|1|10|100|1,000")]
    [InlineData(1e-9, 1e9, 7, "10⁻⁹|10⁻⁶|10⁻³|10⁰|10³|10⁶|10⁹")]
    [InlineData(1, 30, 6, "1|2|5|10|20")]
    [InlineData(2e6, 5e7, 8, "2×10⁶|5×10⁶|10⁷|2×10⁷|5×10⁷")]
    [InlineData(10, 14, 4, "10|11|12|13|14")]
    public void Of_Logarithmic_IsRound(double low, double high, int count, string labels) =>
        Assert.Equal(labels, string.Join('|', Ticks.Of(new Scale(AxisScale.Logarithmic, low, high), count, "").Labels));

    [Fact]
    public void Of_AnyScale_HasDistinctIncreasingMarksInside() =>
        Check.One(Config.QuickThrowOnFailure.WithMaxTest(3000), Prop.ForAll(
            Arb.From(
                from a in Gen.Choose(-1000000, 1000000)
                from b in Gen.Choose(1, 1000000)
                from power in Gen.Choose(-280, 300)
                from logarithmic in Gen.Elements(false, true)
                from count in Gen.Choose(2, 20)
                select (a, b, power, logarithmic, count)),
            c =>
            {
                var unit = Math.Pow(10, c.power - 6);
                var low = c.logarithmic ? Math.Abs((double)c.a + 0.5) * unit : c.a * unit;
                var scale = new Scale(c.logarithmic ? AxisScale.Logarithmic : AxisScale.Linear, low, low + (c.b * unit));
                var ticks = Ticks.Of(scale, c.count, "");
                Assert.InRange(ticks.Major.Length, 1, 2 * c.count + 2);
                Assert.Equal(ticks.Labels.Length, ticks.Labels.Distinct().Count());
                Assert.All(ticks.Major, v => Assert.InRange(v, scale.Low, scale.High));
                Assert.All(ticks.Major.Zip(ticks.Major.Skip(1)), p => Assert.True(p.First < p.Second));
            }));
}
