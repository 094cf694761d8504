using System.Collections.Immutable;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Menuet.Experiments.Papers;

namespace Menuet.Experiments.Tests;

/// <summary>docs/reproduction is a full run of these papers, with every claim and figure.</summary>
public sealed partial class CommittedRunTests
{
    private static readonly string Folder = Path.Combine(Repository.Root, "docs", "reproduction");

    /// <summary>Its numbers, judged by today's rules, give its verdicts: who changes a rule or a claim runs it again.</summary>
    [Fact]
    public void Claims_AreThoseOfThePapers_AndTheirVerdictsFollowFromTheirNumbers()
    {
        foreach (var paper in Library.All)
        {
            var claims = JsonNode.Parse(File.ReadAllText(Path.Combine(Folder, paper.Id, "claims.json")))!["claims"]!.AsArray();
            Assert.Equal(paper.Claims.Select(claim => claim.Id), claims.Select(claim => (string)claim!["id"]!));
            foreach (var (claim, written) in paper.Claims.Zip(claims))
            {
                var measured = written!["measured"]!.AsArray().Select(Read).ToImmutableArray();
                var verdict = measured.Length == claim.Quantities.Length ? claim.Judge(measured) : Verdict.Untested;
                Assert.Equal((claim.Id, new JudgedClaim(claim, measured, verdict).Words), (claim.Id, (string)written["verdict"]!));
            }
        }

        static Quantity Read(JsonNode? quantity) => new(
            (string)quantity!["name"]!, "", "", (double)quantity["value"]!, (double?)quantity["low"] ?? double.NegativeInfinity, (double?)quantity["high"] ?? double.PositiveInfinity, (int)quantity["samples"]!);
    }

    [Fact]
    public void Report_SaysHowItWasMade_AndHasItsPictures()
    {
        var report = File.ReadAllText(Path.Combine(Folder, "report.md"));
        Assert.Matches("`menuet reproduce all --seeds [0-9]+`: [0-9]+ seeds · commit [0-9a-f]{12}", report);
        Assert.DoesNotContain("Quick run", report, StringComparison.Ordinal);
        Assert.All(Library.All, paper => Assert.Contains($"`menuet reproduce {paper.Id} --only", report, StringComparison.Ordinal));
        var pictures = Picture().Matches(report).Select(match => match.Groups[1].Value).ToArray();
        Assert.NotEmpty(pictures);
        Assert.All(pictures, picture => Assert.True(File.Exists(Path.Combine(Folder, picture)), picture));
        Assert.Equal(pictures.Length, Directory.EnumerateFiles(Folder, "*.svg", SearchOption.AllDirectories).Count());
    }

    [Fact]
    public void ItIsSmall() => Assert.InRange(Directory.EnumerateFiles(Folder, "*", SearchOption.AllDirectories).Sum(file => new FileInfo(file).Length), 100_000, 3_000_000);

    [GeneratedRegex(@"\]\(([^)]*\.svg)\)")]
    private static partial Regex Picture();
}
