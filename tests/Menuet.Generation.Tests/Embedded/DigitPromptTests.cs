using Menuet.Generation.Embedded;

namespace Menuet.Generation.Tests.Embedded;

public sealed class DigitPromptTests
{
    [Theory]
    [InlineData("a thick slanted seven", 7, 1.5, 1.5, null)]
    [InlineData("A very thin, slightly left-leaning 3!", 3, -0.75, -2.4, null)]
    [InlineData("the digit zero", 0, null, null, null)]
    [InlineData("wide", null, null, null, 1.5)]
    [InlineData("an upright narrow bold nine", 9, -0.45, 1.5, -1.5)]
    [InlineData("thick thin four", 4, null, -1.5, null)]
    [InlineData("", null, null, null, null)]
    public void Words_BecomeConditions(string prompt, int? digit, double? slant, double? thickness, double? width)
    {
        var read = DigitPrompt.Read(prompt);
        Assert.Empty(read.Unknown);
        Assert.Equal(digit, read.Digit.Class);
        Assert.Equal(slant, Rounded(read.Digit.Slant));
        Assert.Equal(thickness, Rounded(read.Digit.Thickness));
        Assert.Equal(width, Rounded(read.Digit.Width));
        static double? Rounded(double? value) => value is { } number ? Math.Round(number, 9) : null;
    }

    [Theory]
    [InlineData("a seven, slant=0.37, width=-1.2.", 7, 0.37, null, -1.2)]
    [InlineData("THICKNESS=3; slant=-3", null, -3.0, 3.0, null)]
    public void ExactTraits_AreRead(string prompt, int? digit, double? slant, double? thickness, double? width)
    {
        var read = DigitPrompt.Read(prompt).Digit;
        Assert.Equal((digit, slant, thickness, width), (read.Class, read.Slant, read.Thickness, read.Width));
    }

    [Theory]
    [InlineData("slant=4")]
    [InlineData("slant=NaN")]
    [InlineData("slant=")]
    [InlineData("=1")]
    [InlineData("colour=1")]
    public void ExactTraitsOutOfRange_AreUnknownWords(string prompt) => Assert.Equal([prompt.ToLowerInvariant()], DigitPrompt.Read(prompt).Unknown.ToArray());

    [Fact]
    public void ADigit_ComesBackFromItsWordsToTheBit()
    {
        var random = Rng.Stream(5, 5);
        for (var i = 0; i < 1000; i++)
        {
            double? Trait(ref Rng from) => from.NextInt(3) == 0 ? null : Math.Clamp(from.NextNormal() * (from.NextInt(2) == 0 ? 1 : 1e-8), -3, 3);
            var digit = new Digit { Class = random.NextInt(2) == 0 ? null : random.NextInt(10), Slant = Trait(ref random), Thickness = Trait(ref random), Width = Trait(ref random) };
            var read = DigitPrompt.Read(digit.ToPrompt());
            Assert.Empty(read.Unknown);
            Assert.Equal(digit, read.Digit);
        }
    }

    [Fact]
    public async Task Levels_RevealFacts_AndLeaveTheWholePromptAsItIs()
    {
        using var revelation = new FactRevelation();
        Assert.Equal(
            ["a digit, purple", "a seven, purple", "a seven, slant=1.5, purple", "a seven, slant=1.5, thickness=-1.5, purple", "A purple, thin, slanted seven"],
            (await revelation.OptimiseAsync("A purple, thin, slanted seven", 4, default)).ToArray());
        Assert.Equal(["a digit"], (await revelation.OptimiseAsync("", 0, default)).ToArray());
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(() => revelation.OptimiseAsync("", 5, default));
    }

    [Fact]
    public void UnknownWords_AreReportedInTheirOrder() =>
        Assert.Equal(["purple", "eleven", "12"], DigitPrompt.Read("a purple seven, eleven, 12").Unknown.ToArray());

    [Fact]
    public void ALevel_RevealsThatManyFacts()
    {
        var digit = new Digit { Class = 1, Slant = 2, Thickness = 3, Width = 4 };
        Assert.Equal(new(), digit.Reveal(0));
        Assert.Equal(new() { Class = 1 }, digit.Reveal(1));
        Assert.Equal(new() { Class = 1, Slant = 2 }, digit.Reveal(2));
        Assert.Equal(digit, digit.Reveal(4));
    }

    [Fact]
    public void Conditions_AreZeroWhereNothingIsGiven()
    {
        Assert.All(new Digit().Conditions(), value => Assert.Equal(0, value));
        var conditions = new Digit { Class = 6, Thickness = 9 }.Conditions();
        Assert.Equal([6, 11, 13, 15], Enumerable.Range(0, 17).Where(i => conditions[i] != 0));
        Assert.Equal(3, conditions[11]);
    }
}
