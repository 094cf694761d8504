using System.Text;
using System.Text.Json.Nodes;
using Menuet.Mechanisms.LatencyContract;
using Menuet.Tests.Core;

namespace Menuet.Tests.Mechanisms.LatencyContract;

public sealed class LatencyContractTests
{
    private const string TwoTypes = """
        { "kind": "latency-contract", "users": 10, "level": 2, "steps": 17, "successProbability": 0.967, "maxLatencySeconds": 4,
          "cyclesPerLevel": 3.2e7, "cyclesPerStep": 6.5536e7, "resultBits": 6.5e5, "channelStatus": 4e6, "capacitancePrompt": 2.5e-28,
          "capacitanceDenoise": 2.5e-28, "costPrompt": 90, "costDenoise": 90, "costCommunication": 40, "allowExclusion": false,
          "types": [ { "gain": 20, "probability": 0.5 }, { "gain": 30, "probability": 0.5 } ] }
        """;

    [Theory]
    [InlineData("ye/latency-contract-group-1", 151.730656, 217.164382, 138.817079, 113.555253)]
    [InlineData("ye/latency-contract-group-2", 247.084291, 343.505031, 230.488567, 195.356357)]
    public void Groups_HaveThePublishedObjectives(string name, double contract, double complete, double uniform, double noPrompt)
    {
        var market = Solving.CatalogMarket(name);
        Assert.Equal(contract, Solving.Solve(market).Objective!.Value, 5e-7);
        var schemes = LatencyContractMechanism.Door.Compare(Encoding.UTF8.GetBytes(market), new(), default).Schemes;
        Assert.Equal(["contract", "completeInformation", "uniform", "noPromptOptimisation"], schemes.Select(s => s.Name));
        Assert.Equal(contract, schemes[0].Objective!.Value, 5e-7);
        Assert.Equal(complete, schemes[1].Objective!.Value, 5e-7);
        Assert.Equal(uniform, schemes[2].Objective!.Value, 5e-7);
        Assert.Equal(noPrompt, schemes[3].Objective!.Value, 5e-7);
    }

    [Fact]
    public void Group1_HasThePublishedMenu()
    {
        var menu = Solving.Json(Solving.Solve(Solving.CatalogMarket("ye/latency-contract-group-1")))["menu"]!;
        Assert.Equal([1.0893, 1.6488], Column(menu, "expectedLatencyReductionSeconds", 4));
        Assert.Equal([21.786, 38.571], Column(menu, "payment", 3));
        Assert.Equal([0.592e9, 0.853e9], Column(menu, "cpuPromptHz", -6));
        Assert.Equal([0.592e9, 0.853e9], Column(menu, "cpuDenoiseHz", -6));
        Assert.Equal([1.93e6, 3.34e6], Column(menu, "rateBitPerSecond", -4));
        Assert.Equal([1.831, 1.230], Column(menu, "latencySeconds", 3));
    }

    [Fact]
    public void Group2_HasThePublishedMenu()
    {
        var menu = Solving.Json(Solving.Solve(Solving.CatalogMarket("ye/latency-contract-group-2")))["menu"]!;
        Assert.Equal([1.6474, 2.3658], Column(menu, "expectedLatencyReductionSeconds", 4));
        Assert.Equal([32.947, 54.502], Column(menu, "payment", 3));
        Assert.Equal([0.599e9, 0.864e9], Column(menu, "cpuPromptHz", -6));
        Assert.Equal([1.97e6, 3.41e6], Column(menu, "rateBitPerSecond", -4));
        Assert.Equal([2.297, 1.554], Column(menu, "latencySeconds", 3));
    }

    [Fact]
    public void PrintedConstants_GiveThePublishedObjective() =>
        Assert.Equal(770.79, Solving.Solve(Solving.CatalogMarket("ye/latency-contract-printed")).Objective!.Value, 0.005);

    [Fact]
    public void SecondAttempt_And_UntilSuccess_AreTheScaledProblem()
    {
        // With one attempt at probability ζ' and deadline, work and costs to match, the same menu must come out.
        const double Zeta = 0.8;
        var untilSuccess = Solving.Solve(With("\"successProbability\": 0.967", "\"successProbability\": 0.8, \"attempts\": \"untilSuccess\""));
        var scaled = Solving.Solve(With("\"successProbability\": 0.967", "\"successProbability\": 1")
            .Replace("3.2e7", $"{3.2e7 / Zeta:R}", StringComparison.Ordinal)
            .Replace("6.5536e7", $"{6.5536e7 / Zeta:R}", StringComparison.Ordinal)
            .Replace("6.5e5", $"{6.5e5 / Zeta:R}", StringComparison.Ordinal));
        Assert.Equal(scaled.Objective!.Value, untilSuccess.Objective!.Value, 1e-9);

        var second = Solving.Solve(With("\"successProbability\": 0.967", "\"successProbability\": 0.5, \"attempt\": 2"));
        var once = Solving.Solve(With("\"successProbability\": 0.967", "\"successProbability\": 0.25")
            .Replace("3.2e7", $"{6.4e7:R}", StringComparison.Ordinal)
            .Replace("6.5536e7", $"{2 * 6.5536e7:R}", StringComparison.Ordinal)
            .Replace("6.5e5", $"{13e5:R}", StringComparison.Ordinal));
        Assert.Equal(once.Objective!.Value, second.Objective!.Value, 1e-9);
    }

    [Fact]
    public void NothingToDo_TakesNoFrequency()
    {
        var menu = Solving.Json(Solving.Solve(With("\"level\": 2, \"steps\": 17", "\"level\": 0, \"steps\": 0")))["menu"]!;
        Assert.Equal([0.0, 0.0], Column(menu, "cpuPromptHz", 0));
        Assert.Equal([0.0, 0.0], Column(menu, "cpuDenoiseHz", 0));
        Assert.All(Column(menu, "rateBitPerSecond", 0), rate => Assert.True(rate > 0));
    }

    [Theory]
    [InlineData(Claim.IndividualRationality, 0, "payment", 0.01)]
    [InlineData(Claim.IncentiveCompatibility, 1, "payment", 0.01)]
    [InlineData(Claim.IncentiveCompatibility, 0, "rateBitPerSecond", 1e5)]
    [InlineData(Claim.Monotonicity, 1, "cpuDenoiseHz", -5e8)]
    [InlineData(Claim.Feasibility, 0, "payment", -100.0)]
    [InlineData(Claim.Feasibility, 0, "rateBitPerSecond", -1.7e6)]
    [InlineData(Claim.Feasibility, 1, "cpuDenoiseHz", -8e8)]
    [InlineData(Claim.Feasibility, 1, "cpuPromptHz", -1e10)]
    [InlineData(Claim.Consistency, 1, "expectedLatencyReductionSeconds", 1e-6)]
    [InlineData(Claim.Consistency, 0, "latencySeconds", 1e-6)]
    [InlineData(Claim.Consistency, 0, "providerCost", 1e-6)]
    [InlineData(Claim.Consistency, 1, "userUtility", 1e-5)]
    [InlineData(Claim.Consistency, 1, "gain", 1.0)]
    [InlineData(Claim.Consistency, 1, "type", 1)]
    public void SabotagedItem_IsCaught(Claim claim, int type, string key, double change)
    {
        var answer = Solving.Json(Solving.Solve(TwoTypes));
        Assert.Equal(0, Solving.Judge(TwoTypes, answer).ExitCode);
        var item = answer["menu"]![type]!;
        item[key] = (double)item[key]! + change;
        var judged = Solving.Judge(TwoTypes, answer);
        Assert.False(Solving.Certificate(judged, claim).Holds);
        Assert.Equal(4, judged.ExitCode);
    }

    [Theory]
    [InlineData("objective")]
    [InlineData("principalUtilityPerUser")]
    [InlineData("irSlackMin")]
    [InlineData("icSlackMin")]
    public void SabotagedTotal_IsCaught(string key)
    {
        var answer = Solving.Json(Solving.Solve(TwoTypes));
        answer[key] = (double)answer[key]! + 1e-4;
        Assert.False(Solving.Certificate(Solving.Judge(TwoTypes, answer), Claim.Consistency).Holds);
    }

    [Fact]
    public void ExclusionThatIsNotAllowed_IsCaught()
    {
        var answer = Solving.Json(Solving.Solve(TwoTypes));
        answer["menu"]![0] = JsonNode.Parse("""{ "excluded": true, "cpuPromptHz": 0, "cpuDenoiseHz": 0, "rateBitPerSecond": 0, "payment": 0 }""");
        var certificate = Solving.Certificate(Solving.Judge(TwoTypes, answer), Claim.Feasibility);
        Assert.Equal("type 1 is served", certificate.Worst.Constraint);
        Assert.False(certificate.Holds);
    }

    [Fact]
    public void PaymentForNothing_IsCaught()
    {
        var market = With("\"allowExclusion\": false", "\"allowExclusion\": true");
        var answer = Solving.Json(Solving.Solve(market));
        answer["menu"]![0] = JsonNode.Parse("""{ "excluded": true, "cpuPromptHz": 0, "cpuDenoiseHz": 0, "rateBitPerSecond": 0, "payment": 1 }""");
        var judged = Solving.Judge(market, answer);
        Assert.False(Solving.Certificate(judged, Claim.Feasibility).Holds);
        Assert.False(Solving.Certificate(judged, Claim.IndividualRationality).Holds);
    }

    [Theory]
    [InlineData("""{ "excluded": false, "cpuPromptHz": 0, "cpuDenoiseHz": 0, "rateBitPerSecond": 0, "payment": 0 }""")]
    [InlineData("""{ "cpuPromptHz": 1e308, "cpuDenoiseHz": 1e308, "rateBitPerSecond": 1e308, "payment": 1e308 }""")]
    [InlineData("""{ "cpuPromptHz": -1, "cpuDenoiseHz": -1e-300, "rateBitPerSecond": -1e308, "payment": -1e308 }""")]
    public void AbsurdAnswer_IsJudgedNotCrashedOn(string item)
    {
        var judged = Solving.Judge(TwoTypes, JsonNode.Parse($$"""{ "objective": 1, "menu": [ {{item}}, {{item}} ] }""")!);
        Assert.False(judged.Audit!.Holds);
    }

    [Fact]
    public void ShortMenu_IsRefusedWithItsPath()
    {
        var error = Assert.Throws<InvalidRequestException>(() => Solving.Judge(TwoTypes, JsonNode.Parse("""{ "objective": 1, "menu": [] }""")!));
        Assert.Equal("answer $.menu", error.Problems.Single().Path);
    }

    [Fact]
    public void BigMenu_IsAuditedOverAllPairs()
    {
        var types = string.Join(", ", Enumerable.Range(0, 5000).Select(j => FormattableString.Invariant($$"""{ "gain": {{10 + (j * 7919 % 5000 / 100.0)}}, "probability": {{1 / 5000.0:R}} }""")));
        var market = TwoTypes[..TwoTypes.IndexOf("\"types\"", StringComparison.Ordinal)] + $"\"types\": [ {types} ] }}";
        var report = Solving.Solve(market);
        Assert.Equal(0, report.ExitCode);
        Assert.Equal(5000L * 4999, Solving.Certificate(report, Claim.IncentiveCompatibility).Checked);
        var answer = Solving.Json(report);
        answer["menu"]![17]!["payment"] = (double)answer["menu"]![17]!["payment"]! - 0.001;
        Assert.False(Solving.Certificate(Solving.Judge(market, answer), Claim.IncentiveCompatibility).Holds);
    }

    [Fact]
    public void TooManyTypesForTheReference_AreRefused()
    {
        var types = string.Join(", ", Enumerable.Range(0, 50).Select(j => $$"""{ "gain": {{10 + j}}, "probability": 0.02 }"""));
        var market = TwoTypes[..TwoTypes.IndexOf("\"types\"", StringComparison.Ordinal)] + $"\"types\": [ {types} ] }}";
        var error = Assert.Throws<InvalidRequestException>(() => Solving.Solve(market, "reference"));
        Assert.Equal("$.types", error.Problems.Single().Path);
    }

    [Theory]
    [InlineData("\"level\": 2, ", "", "$.level")]
    [InlineData("\"steps\": 17, ", "", "$.steps")]
    [InlineData("\"level\": 2", "\"level\": -1", "$.level")]
    [InlineData("\"steps\": 17", "\"steps\": 1.5", "$.steps")]
    [InlineData("\"users\": 10", "\"users\": 0", "$.users")]
    [InlineData("\"successProbability\": 0.967, ", "", "$.successProbability")]
    [InlineData("\"successProbability\": 0.967", "\"successProbability\": 0", "$.successProbability")]
    [InlineData("\"successProbability\": 0.967", "\"successProbability\": 1.01", "$.successProbability")]
    [InlineData("\"successProbability\": 0.967", "\"successProbability\": 0.9, \"successModel\": { \"rho\": [1, 1, 1, 1, 1, 1], \"qualityThreshold\": 5, \"qualitySpread\": 1 }", "$.successProbability")]
    [InlineData("\"successProbability\": 0.967", "\"successModel\": { \"rho\": [1, 1, 1, 1, 1], \"qualityThreshold\": 5, \"qualitySpread\": 1 }", "$.successModel.rho")]
    [InlineData("\"successProbability\": 0.967", "\"successModel\": { \"rho\": [1, -1, 1, 1, 1, 1], \"qualityThreshold\": 5, \"qualitySpread\": 1 }", "$.successModel.rho")]
    [InlineData("\"successProbability\": 0.967", "\"successModel\": { \"rho\": [1, 1, 1, 1, 1, 1], \"qualityThreshold\": 5, \"qualitySpread\": 0 }", "$.successModel.qualitySpread")]
    [InlineData("\"successProbability\": 0.967", "\"successProbability\": 0.9, \"attempts\": \"untilSucess\"", "$.attempts")]
    [InlineData("\"successProbability\": 0.967", "\"successProbability\": 0.9, \"attempts\": \"untilSuccess\", \"attempt\": 2", "$.attempt")]
    [InlineData("\"successProbability\": 0.967", "\"successProbability\": 0.9, \"attempt\": 0", "$.attempt")]
    [InlineData("\"maxLatencySeconds\": 4", "\"maxLatencySeconds\": 0", "$.maxLatencySeconds")]
    [InlineData("\"maxLatencySeconds\": 4", "\"maxLatencySecond\": 4", "$.maxLatencySecond")]
    [InlineData("\"costPrompt\": 90", "\"costPrompt\": \"90\"", "$.costPrompt")]
    [InlineData("\"costPrompt\": 90", "\"costPrompt\": 1e308", "$.costPrompt")]
    [InlineData("\"costPrompt\": 90", "\"costPrompt\": NaN", "$.costPrompt")]
    [InlineData("\"costPrompt\": 90", "\"costPrompt\": 90, \"costPrompt\": 90", "$.costPrompt")]
    [InlineData("\"capacitancePrompt\": 2.5e-28", "\"capacitancePrompt\": -2.5e-28", "$.capacitancePrompt")]
    [InlineData("\"gain\": 20", "\"gain\": 0", "$.types[0].gain")]
    [InlineData("\"gain\": 30", "\"gane\": 30", "$.types[1].gane")]
    [InlineData("\"gain\": 20, \"probability\": 0.5", "\"gain\": 20, \"probability\": 0.4", "$.types")]
    [InlineData("\"gain\": 20, \"probability\": 0.5 }, { \"gain\": 30, \"probability\": 0.5", "\"gain\": 20, \"probability\": 1 }, { \"gain\": 30, \"probability\": 0, \"maxLatencySeconds\": 2", "$.types[1].probability")]
    [InlineData("\"gain\": 20,", "\"gain\": 20, \"channelStatus\": 0,", "$.types[0].channelStatus")]
    [InlineData("[ { \"gain\": 20, \"probability\": 0.5 }, { \"gain\": 30, \"probability\": 0.5 } ]", "[]", "$.types")]
    public void MalformedMarket_NamesThePath(string original, string replacement, string path) =>
        Assert.Contains(Solving.Problems(With(original, replacement)), problem => problem.StartsWith(path + ":", StringComparison.Ordinal));

    [Fact]
    public void TypesMayRepeatCommonValues_AndZeroProbabilityMayNot()
    {
        Assert.Empty(Solving.Problems(With("\"gain\": 20,", "\"gain\": 20, \"channelStatus\": 5e6, \"costDenoise\": null,")));
        var nothing = With("\"gain\": 20, \"probability\": 0.5 }, { \"gain\": 30, \"probability\": 0.5", "\"gain\": 20, \"probability\": 1 }, { \"gain\": 30, \"probability\": 0, \"maxLatencySeconds\": null");
        Assert.Empty(Solving.Problems(nothing));
    }

    private static string With(string original, string replacement)
    {
        Assert.Contains(original, TwoTypes, StringComparison.Ordinal);
        return TwoTypes.Replace(original, replacement, StringComparison.Ordinal);
    }

    /// <summary>A column of the menu, rounded to the digits that are published.</summary>
    private static double[] Column(JsonNode menu, string key, int digits) => [.. menu.AsArray().Select(item =>
    {
        var scale = Math.Pow(10, digits);
        return Math.Round((double)item![key]! * scale) / scale;
    })];
}
