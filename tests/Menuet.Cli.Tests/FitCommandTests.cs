using System.Text.Json.Nodes;
using Menuet.Tests;

namespace Menuet.Cli.Tests;

public sealed class FitCommandTests
{
    private const string Quadratic = "steps,quality\n0,1\n10,1.5\n20,1.8\n30,1.9\n40,1.8\n";

    [Fact]
    public void Quadratic_IsReported_AndWritten()
    {
        using var folder = new TemporaryFolder();
        var session = Session.Run("fit", folder.Write("data.csv", Quadratic), "--model", "quadratic", "--out", folder.File("fit.json"));
        Assert.Equal(0, session.ExitCode);
        Assert.Equal(["data.csv", "fit.curve.svg", "fit.json", "fit.residuals.svg"], folder.Names());
        var json = JsonNode.Parse(File.ReadAllText(folder.File("fit.json")))!;
        Assert.Equal(-0.001, (double)json["market"]!["quality"]!["curvature"]!, 10);
        Assert.Equal(0.06, (double)json["market"]!["quality"]!["slope"]!, 10);
        Assert.Equal(1, (double)json["market"]!["quality"]!["intercept"]!, 9);
    }

    [Fact]
    public void NoisyData_GiveAReportToRead()
    {
        const string Noisy = "steps,quality\n1,0.52\n2,0.71\n3,0.80\n5,0.88\n8,0.905\n12,0.912\n20,0.911\n";
        Golden.Matches(Session.RunWithInput(Noisy, "fit", "-", "--model", "exponential").Output, "fit.txt");
    }

    [Fact]
    public void WithoutAModel_TheBestByTheCriterionIsTaken_AndTheOthersShown()
    {
        const string Noisy = "steps,quality\n1,0.52\n2,0.71\n3,0.80\n5,0.88\n8,0.905\n12,0.912\n20,0.911\n";
        Golden.Matches(Session.RunWithInput(Noisy, "fit", "-").Output, "fit-choice.txt");
        var few = Session.RunWithInput("steps,quality\n1,1\n2,3\n3,4\n4,4\n", "fit", "-");
        Assert.Equal(2, few.ExitCode);
        Assert.Contains("degrees of freedom", few.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void BadData_AreRefusedLineByLine_AndNothingIsWritten()
    {
        using var folder = new TemporaryFolder();
        var session = Session.Run(
            "fit", folder.Write("data.csv", "steps,quality\n1,x\n2,NaN\n3,1\n"), "--model", "quadratic", "--out", folder.File("fit.json"));
        Assert.Equal(2, session.ExitCode);
        Assert.Contains("line 2", session.Error, StringComparison.Ordinal);
        Assert.Contains("line 3", session.Error, StringComparison.Ordinal);
        Assert.Equal(["data.csv"], folder.Names());
        Assert.Equal(2, Session.Run("fit", folder.File("data.csv"), "--model", "cubic").ExitCode);
    }
}
