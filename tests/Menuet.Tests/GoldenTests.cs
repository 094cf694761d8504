namespace Menuet.Tests;

public class GoldenTests
{
    [Fact]
    public void Difference_ShowsOnlyWhatChanged()
    {
        var text = Golden.Difference("a\nb\nc\nd\n", "a\nb\nX\nY\nd\n");
        Assert.Equal("line 3:\n  a\n  b\n- c\n+ X\n+ Y\n", text);
    }

    [Fact]
    public void Matches_MissingFile_SaysHowToMakeIt()
    {
        if (Environment.GetEnvironmentVariable("UPDATE_GOLDENS") == "1")
            return;
        var failure = Assert.ThrowsAny<Xunit.Sdk.XunitException>(() => Golden.Matches("", "none/such.txt"));
        Assert.Contains("UPDATE_GOLDENS=1", failure.Message, StringComparison.Ordinal);
    }
}
