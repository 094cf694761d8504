using System.Text.Json.Nodes;
using Menuet.Cli.Commands;
using Menuet.Generation.Judging;
using Menuet.Generation.Measuring;

namespace Menuet.Cli.Measuring;

/// <summary>A plan, and who carries it out: the models at the endpoints of the environment.</summary>
internal sealed record MeasurementSetup
{
    private readonly int votes;
    private readonly ModelEndpoint? judge;

    /// <exception cref="InvalidRequestException">A judge is needed and the environment does not say where it is.</exception>
    internal MeasurementSetup(MeasurementPlan plan, Engine engine, Rubric rubric, int votes)
    {
        (Plan, Engine, Rubric, this.votes) = (plan, engine, rubric, votes);
        judge = plan.Judge == QualityMeasure.OpenAi ? ModelEndpoint.FromEnvironment(Environment.GetEnvironmentVariable) : null;
    }

    internal MeasurementPlan Plan { get; }

    internal Engine Engine { get; }

    internal Rubric Rubric { get; }

    /// <summary>Everything that decides the scores. Addresses of servers may change, models may not.</summary>
    internal JsonObject ToJson()
    {
        var json = Plan.ToJson();
        json["promptOptimisation"] = $"{Engine.Optimiser.Name}: {Engine.Optimiser.Meaning}";
        if (!Plan.Backend.IsEmbedded)
        {
            (json["imageModel"], json["promptModel"]) = (Engine.ImageModel, Engine.PromptModel);
        }

        if (judge is not null)
        {
            (json["judgeModel"], json["rubric"], json["votes"]) = (judge.Model, Rubric.Hash(), votes);
        }

        return json;
    }

    /// <summary>The large multimodal model of a plan that is judged by one; otherwise null.</summary>
    internal LanguageModelJudge? OpenJudge() => judge is null ? null : new(judge, Rubric, votes, Engine.Patience);
}
