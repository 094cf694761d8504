namespace Menuet.Mechanisms.StackelbergPricing;

/// <summary>The door of the Stackelberg pricing room.</summary>
public static class StackelbergPricingMechanism
{
    internal const string Kind = "stackelberg-pricing";

    /// <summary>Reads, solves, audits and compares.</summary>
    public static Mechanism<StackelbergPricingMarket, StackelbergPricingOutcome, StackelbergPricingAnswer> Door { get; } = new()
    {
        Kind = Kind,
        Title = "Stackelberg pricing of diffusion steps",
        Source = "Lai et al. 2025",
        MarketShape = StackelbergPricingMarket.Shape,
        AnswerShape = StackelbergPricingAnswer.Shape,
        SolverList = [new BackwardInduction(), new Reference()],
        Describe = StackelbergDescription.Describe,
        Audit = StackelbergAudit.Check,
        Graded = StackelbergDescription.Graded,
        AnswerProblems = StackelbergAudit.Problems,
        Tables = StackelbergDescription.Tables,
        Schemes = StackelbergSchemes.Compare,
        Environment = new EnvironmentDoor<StackelbergPricingScenario>(
            "one leader sees the last prices and everybody's steps, posts the next price, and earns its profit of the round",
            StackelbergPricingScenario.Shape),
    };
}
