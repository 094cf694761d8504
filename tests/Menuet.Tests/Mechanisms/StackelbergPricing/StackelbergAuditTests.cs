using System.Text.Json.Nodes;
using Menuet.Mechanisms.StackelbergPricing;
using Menuet.Tests.Core;

namespace Menuet.Tests.Mechanisms.StackelbergPricing;

/// <summary>Each claim catches an answer that is broken in one named way.</summary>
public sealed class StackelbergAuditTests
{
    [Theory]
    [InlineData("stackelberg-pricing", Claim.FollowerBestResponse, "followers[0].steps", 90.0)]
    [InlineData("stackelberg-pricing", Claim.LeaderBestResponse, "price", 8.01)]
    [InlineData("binding-capacity", Claim.Capacity, "followers[1].steps", 60.001)]
    [InlineData("stackelberg-pricing", Claim.Feasibility, "price", 0.5)]
    [InlineData("opt-out", Claim.Feasibility, "followers[0].steps", 119.0)]
    [InlineData("opt-out", Claim.FollowerBestResponse, "price", 1.3)]
    [InlineData("stackelberg-pricing", Claim.Consistency, "leaderUtility", 1409.0)]
    [InlineData("stackelberg-pricing", Claim.Consistency, "objective", 1409.0)]
    [InlineData("stackelberg-pricing", Claim.Consistency, "totalSteps", 200.0)]
    [InlineData("stackelberg-pricing", Claim.Consistency, "followers[1].utility", 300.0)]
    [InlineData("two-optima", Claim.Consistency, "optimalPrices[1]", 22.0)]
    [InlineData("rationing", Claim.Consistency, "rationingFactor", 0.8)]
    [InlineData("oligopoly-3", Claim.LeaderBestResponse, "leaders[1].price", 1.75)]
    [InlineData("oligopoly-3", Claim.Feasibility, "leaders[1].price", 0.9)]
    [InlineData("oligopoly-3", Claim.Consistency, "leaders[1].utility", 95.0)]
    [InlineData("oligopoly-3", Claim.Consistency, "leaders[0].marketShare", 0.4)]
    [InlineData("oligopoly-3", Claim.Consistency, "outsideShare", 0.1)]
    [InlineData("oligopoly-3", Claim.Consistency, "extremalPriceGap", 0.1)]
    [InlineData("oligopoly-unequal", Claim.Capacity, "leaders[2].soldSteps", 21.0)]
    public void ABrokenNumber_BreaksItsClaim(string market, Claim claim, string place, double value)
    {
        var (text, answer) = Answer(market);
        Assert.Equal(0, Solving.Judge(text, answer).ExitCode);
        Set(answer, place, value);
        Assert.False(Solving.Certificate(Solving.Judge(text, answer), claim).Holds);
    }

    [Theory]
    [InlineData("binding-capacity", "capacityBinding", false)]
    [InlineData("stackelberg-pricing", "capacityBinding", true)]
    [InlineData("two-optima", "priceIsUnique", true)]
    public void ABrokenFlag_IsInconsistent(string market, string key, bool value)
    {
        var (text, answer) = Answer(market);
        answer[key] = value;
        Assert.False(Solving.Certificate(Solving.Judge(text, answer), Claim.Consistency).Holds);
    }

    [Fact]
    public void StayingAwayFromAGoodOffer_IsNoBestResponse()
    {
        var (text, answer) = Answer("opt-out");
        answer["price"] = 1.0;
        var follower = answer["followers"]![0]!;
        (follower["steps"], follower["participates"]) = (0, false);
        Assert.False(Solving.Certificate(Solving.Judge(text, answer), Claim.FollowerBestResponse).Holds);
    }

    [Fact]
    public void StayingAwayWhereThatIsNotPermitted_IsInfeasible()
    {
        var (text, answer) = Answer("printed-range");
        var follower = answer["followers"]![0]!;
        (follower["steps"], follower["participates"]) = (0, false);
        Assert.False(Solving.Certificate(Solving.Judge(text, answer), Claim.Feasibility).Holds);
    }

    [Fact]
    public void AnUnderstatedEpsilon_IsInconsistent()
    {
        var (text, answer) = Answer("oligopoly-2");
        answer["leaders"]![0]!["price"] = 5.0;
        foreach (var leader in answer["leaders"]!.AsArray())
        {
            foreach (var key in new[] { "utility", "demandSteps", "soldSteps", "marketShare" })
            {
                leader!.AsObject().Remove(key);
            }
        }

        foreach (var key in new[] { "objective", "outsideShare", "extremalPriceGap", "highestPrices", "equilibriumIsUnique" })
        {
            answer.Remove(key);
        }

        Assert.Contains("epsilonNash", Solving.Certificate(Solving.Judge(text, answer), Claim.Consistency).Worst.Constraint, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("stackelberg-pricing", "price")]
    [InlineData("stackelberg-pricing", "followers")]
    [InlineData("oligopoly-2", "leaders")]
    public void WithoutItsDecisions_AnAnswerIsRefused(string market, string key)
    {
        var (text, answer) = Answer(market);
        answer.Remove(key);
        var error = Assert.Throws<InvalidRequestException>(() => Solving.Judge(text, answer));
        Assert.Contains(error.Problems, problem => problem.Path == $"answer $.{key}");
    }

    [Fact]
    public void DecisionsAlone_AreEnough()
    {
        var (text, answer) = Answer("stackelberg-pricing");
        var bare = new JsonObject { ["price"] = 8, ["followers"] = new JsonArray(), };
        foreach (var follower in answer["followers"]!.AsArray())
        {
            bare["followers"]!.AsArray().Add(new JsonObject { ["steps"] = (double)follower!["steps"]! });
        }

        var report = Solving.Judge(text, bare);
        Assert.Equal(0, report.ExitCode);
        Assert.Equal(1408.0459770114942, report.Objective!.Value, 9);
    }

    [Theory]
    [InlineData(1e30)]
    [InlineData(-1e30)]
    [InlineData(0.0)]
    public void AbsurdAnswers_FailWithoutACrash(double value)
    {
        foreach (var (market, place) in new[] { ("stackelberg-pricing", "price"), ("opt-out", "followers[0].steps"), ("oligopoly-3", "leaders[0].price"), ("rationing", "price") })
        {
            var (text, answer) = Answer(market);
            Set(answer, place, value);
            Assert.Equal(4, Solving.Judge(text, answer).ExitCode);
        }
    }

    [Theory]
    [InlineData("""{ "leader": { "unitCost": 3, "maxPrice": 2 } }""", "$.leader.unitCost")]
    [InlineData("""{ "leader": null }""", "$.leader")]
    [InlineData("""{ "choice": { "scale": 1 } }""", "$.choice")]
    [InlineData("""{ "quality": null }""", "$.quality")]
    [InlineData("""{ "minSteps": 3, "maxSteps": 2 }""", "$.minSteps")]
    [InlineData("""{ "followers": [ { "satisfaction": 1, "minSteps": 3, "maxSteps": 2 } ] }""", "$.followers[0].minSteps")]
    [InlineData("""{ "followers": [ { "satisfaction": 1, "id": "a" }, { "satisfaction": 1, "id": "a" } ] }""", "$.followers[1].id")]
    [InlineData("""{ "followers": [ { "satisfaction": 1, "id": "vmu2" }, { "satisfaction": 1 } ] }""", "$.followers[1].id")]
    [InlineData("""{ "followers": [ { "satisfaction": 0 } ] }""", "$.followers[0].satisfaction")]
    [InlineData("""{ "followers": [ { "satisfaction": 1, "count": 0 } ] }""", "$.followers[0].count")]
    [InlineData("""{ "quality": { "curvature": 0.1, "slope": 1 } }""", "$.quality.curvature")]
    [InlineData("""{ "leaders": [ { "unitCost": 1, "maxPrice": 2 } ] }""", "$.leaders")]
    [InlineData("""{ "leader": null, "leaders": [ { "unitCost": 1, "maxPrice": 2 } ] }""", "$.choice")]
    [InlineData("""{ "leader": null, "leaders": [ { "unitCost": 3, "maxPrice": 2 } ], "choice": { "scale": 1 } }""", "$.leaders[0].unitCost")]
    [InlineData("""{ "leader": null, "leaders": [], "choice": { "scale": 1 } }""", "$.leaders")]
    [InlineData("""{ "leader": null, "leaders": [ { "unitCost": 1, "maxPrice": 2 } ], "choice": { "scale": 1 }, "participation": "optional" }""", "$.participation")]
    [InlineData("""{ "leader": { "unitCost": 1, "maxPrice": 2, "id": "a" } }""", "$.leader.id")]
    public void AnIllPosedMarket_IsRefusedWithItsPath(string change, string path)
    {
        var market = JsonNode.Parse(Solving.CatalogMarket("lai2025/stackelberg-pricing"))!.AsObject();
        foreach (var (key, value) in JsonNode.Parse(change)!.AsObject())
        {
            market[key] = value?.DeepClone();
        }

        Assert.Contains(Solving.Problems(market.ToJsonString()), problem => problem.StartsWith(path + ":", StringComparison.Ordinal));
    }

    [Fact]
    public void ReferenceSolver_RefusesBigMarkets()
    {
        var market = new StackelbergPricingMarket { Quality = new(), Leader = new(), Followers = [.. Enumerable.Repeat(new Follower(), 300)] };
        var error = Assert.Throws<InvalidRequestException>(() => new Reference().Solve(market, new(), default));
        Assert.Equal("$.followers", error.Problems.Single().Path);
    }

    private static (string Market, JsonObject Answer) Answer(string market)
    {
        var text = Solving.CatalogMarket($"lai2025/{market}");
        return (text, Solving.Json(Solving.Solve(text)));
    }

    private static void Set(JsonObject answer, string place, double value)
    {
        JsonNode node = answer;
        var steps = place.Replace("[", ".", StringComparison.Ordinal).Replace("]", "", StringComparison.Ordinal).Split('.');
        foreach (var step in steps[..^1])
        {
            node = int.TryParse(step, out var index) ? node[index]! : node[step]!;
        }

        if (int.TryParse(steps[^1], out var last))
        {
            node[last] = value;
        }
        else
        {
            node[steps[^1]] = value;
        }
    }
}
