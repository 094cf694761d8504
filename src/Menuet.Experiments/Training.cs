using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Nodes;
using Menuet.Learning.Training;

namespace Menuet.Experiments;

/// <summary>What an exhibit needs trained, once for each seed: an experiment that ships, with some options set otherwise.</summary>
/// <param name="Experiment">Its name: <c>wen2025/reward-ppo</c>.</param>
/// <param name="Changes">What <c>menuet train --set</c> is given: <c>actor.experts=2</c>; the value is JSON.</param>
public sealed record Training(string Experiment, params ImmutableArray<string> Changes)
{
    /// <summary>A quick run trains a fiftieth of the updates, and no more than this.</summary>
    internal const int MostQuickUpdates = 400;

    private const int QuickPart = 50;

    /// <summary>Its folder below that of all trainings; trainings of one id are one.</summary>
    public string Id => string.Join(',', Changes.Prepend(Experiment));

    /// <summary>The document with every change.</summary>
    /// <param name="quick">Whether budget, draws and what depends on them are cut.</param>
    /// <exception cref="InvalidOperationException">No such experiment ships.</exception>
    /// <exception cref="InvalidRequestException">The changes do not fit it.</exception>
    public Experiment Read(bool quick)
    {
        var document = JsonNode.Parse(ShippedExperiments.Find(Experiment) ?? throw new InvalidOperationException($"No experiment {Experiment} ships."))!.AsObject();
        foreach (var change in Changes)
        {
            var equals = change.IndexOf('=', StringComparison.Ordinal);
            Set(document, change[..equals].Split('.'), JsonNode.Parse(change[(equals + 1)..]));
        }

        var experiment = Learning.Training.Experiment.Read(JsonSerializer.SerializeToUtf8Bytes(document));
        if (!quick)
        {
            return experiment;
        }

        var updates = Math.Clamp((experiment.Updates ?? MostQuickUpdates * QuickPart) / QuickPart, 10, MostQuickUpdates);
        document["updates"] = updates;
        document["evaluation"] = new JsonObject { ["every"] = Math.Max(1, updates / 4), ["draws"] = Math.Min(experiment.Evaluation.Draws, 50), ["finalDraws"] = Math.Min(experiment.Evaluation.FinalDraws, 100) };
        document["log"] = new JsonObject { ["every"] = Math.Max(1, updates / 20) };
        document["checkpoint"] = new JsonObject { ["every"] = 0 };
        var algorithm = document["algorithm"]!.AsObject();
        if (algorithm.ContainsKey("annealUpdates"))
        {
            algorithm["annealUpdates"] = updates;
        }

        return Learning.Training.Experiment.Read(JsonSerializer.SerializeToUtf8Bytes(document));
    }

    private static void Set(JsonObject document, ReadOnlySpan<string> path, JsonNode? value)
    {
        if (path.Length == 1)
        {
            document[path[0]] = value;
            return;
        }

        document[path[0]] ??= new JsonObject();
        Set(document[path[0]]!.AsObject(), path[1..], value);
    }
}
