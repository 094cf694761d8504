using System.Globalization;
using System.Numerics;
using FsCheck;
using FsCheck.Fluent;
using Menuet.Settlement.Ledgers;

namespace Menuet.Settlement.Tests.Ledgers;

public sealed class PostingTests
{
    [Fact]
    public void WellFormed_HasNoProblems()
    {
        Assert.Empty(Postings.Transfer("t", "a", "b", 1).Problems());
        Assert.Empty(Postings.Rewards("r", ("a", 5), ("b", 7), ("c", 10)).Problems());
    }

    [Fact]
    public void EveryProblem_IsSaidAtOnce()
    {
        var posting = new Posting(" ", 19, [new("a", 0), new("a\n", 3), new("c", 1, new(0, 1))]);
        string[] paths = [.. posting.Problems().Select(p => p.Path)];
        Assert.Equal(["id", "decimals", "entries[0].units", "entries[1].account", "entries[2]", "entries"], paths);
    }

    [Theory]
    [InlineData(0, 4_999_999, 1_333_333, "asks for quality")]
    [InlineData(0, 5_000_000, 1_333_334, "must be the reward")]
    [InlineData(3, 9_000_000, 1_333_333, "the menu has items 0 to 2")]
    [InlineData(-1, 9_000_000, 1_333_333, "the menu has items 0 to 2")]
    public void Credit_MustFollowTheMenu(int item, long evaluation, long units, string message)
    {
        var posting = new Posting("p", 6, [new(Entry.Platform, -units), new("a", units, new(item, evaluation))], Postings.Menu);
        Assert.Contains(posting.Problems(), p => p.Path == "entries[1]" && p.Message.Contains(message, StringComparison.Ordinal));
    }

    [Fact]
    public void Digest_IgnoresTheOrderOfEntries_AndNothingElse()
    {
        var posting = Postings.Rewards("p", ("a", 5), ("b", 7));
        Assert.Equal(posting.Digest(), (posting with { Entries = [.. posting.Entries.Reverse()] }).Digest());
        Posting[] others =
        [
            posting with { Id = "q" }, posting with { Decimals = 5 }, posting with { Menu = null },
            posting with { Entries = posting.Entries.SetItem(1, posting.Entries[1] with { Units = 7 }) },
            posting with { Entries = posting.Entries.SetItem(1, posting.Entries[1] with { Account = "z" }) },
            posting with { Entries = posting.Entries.SetItem(1, posting.Entries[1] with { Judgement = new(0, 5_000_001) }) },
            posting with { Entries = posting.Entries.SetItem(1, posting.Entries[1] with { Judgement = null }) },
        ];
        Assert.Equal(others.Length + 1, others.Append(posting).Select(p => p.Digest()).Distinct().Count());
    }

    [Fact]
    public void Menu_SurvivesItsText() => Assert.Equal(Postings.Menu.Hash, PostedMenu.Parse(Postings.Menu.Text()).Hash);

    [Fact]
    public void Earned_IsTheBestRewardReached()
    {
        Assert.Null(Postings.Menu.Earned(4_999_999));
        Assert.Equal(0, Postings.Menu.Earned(5_000_000));
        Assert.Equal(1, Postings.Menu.Earned(8_499_999));
        Assert.Equal(2, Postings.Menu.Earned(long.MaxValue));
    }

    [Theory]
    [InlineData(1.5, 0, "2")]
    [InlineData(2.5, 0, "2")]
    [InlineData(-2.5, 0, "-2")]
    [InlineData(-3.5, 0, "-4")]
    [InlineData(2.675, 2, "268")]
    [InlineData(2.665, 2, "266")]
    [InlineData(0.1, 18, "100000000000000000")]
    [InlineData(1e-40, 6, "0")]
    [InlineData(5e-7, 6, "0")]
    [InlineData(5.000001e-7, 6, "1")]
    [InlineData(1e20, 18, "100000000000000000000000000000000000000")]
    public void Rounding_IsHalfToEvenOfTheShownDecimal(double value, int decimals, string units) =>
        Assert.Equal(Int128.Parse(units, CultureInfo.InvariantCulture), Units.Of(value, decimals));

    [Fact]
    public void Rounding_RefusesWhatHasNoUnits()
    {
        Assert.Throws<ArgumentException>(() => Units.Of(double.NaN, 6));
        Assert.Throws<ArgumentException>(() => Units.Of(double.PositiveInfinity, 6));
        Assert.Throws<OverflowException>(() => Units.Of(1e30, 18));
        Assert.Throws<OverflowException>(() => Units.Of(double.MaxValue, 0));
        Assert.Throws<FormatException>(() => Units.Of("1,5", 6));
        Assert.Throws<FormatException>(() => Units.Of(new string('9', 1_000_000), 6));
    }

    [Fact]
    public void Rounding_IsWithinHalfAUnit_AndShowReadsBack() => Prop.ForAll<NormalFloat, byte>(
        (number, places) =>
        {
            var (value, decimals) = (number.Get % 1e18, places % 19);
            var units = Units.Of(value, decimals);
            Assert.Equal(units, Units.Of(Units.Show(units, decimals), decimals));
            // Exactly: |2·units·10^k − 2·shown·10^(decimals+k)| ≤ 10^k, by the shown decimal as an exact fraction.
            var (numerator, denominator) = Fraction(value.ToString("R", CultureInfo.InvariantCulture));
            var error = BigInteger.Abs((units * denominator) - (numerator * BigInteger.Pow(10, decimals)));
            Assert.True(2 * error <= denominator);
        }).QuickCheckThrowOnFailure();

    private static (BigInteger Numerator, BigInteger Denominator) Fraction(string text)
    {
        var parts = text.Split('E');
        var exponent = parts.Length > 1 ? int.Parse(parts[1], CultureInfo.InvariantCulture) : 0;
        var point = parts[0].IndexOf('.', StringComparison.Ordinal);
        var digits = BigInteger.Parse(parts[0].Replace(".", "", StringComparison.Ordinal), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture);
        exponent -= point < 0 ? 0 : parts[0].Length - point - 1;
        return exponent >= 0 ? (digits * BigInteger.Pow(10, exponent), 1) : (digits, BigInteger.Pow(10, -exponent));
    }
}
