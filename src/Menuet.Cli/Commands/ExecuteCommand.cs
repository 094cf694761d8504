using System.Collections.Immutable;
using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Nodes;
using Menuet.Cli.Measuring;
using Menuet.Cli.Rendering;
using Menuet.Generation.Imaging;
using Menuet.Generation.Judging;
using Menuet.Generation.Measuring;

namespace Menuet.Cli.Commands;

/// <summary><c>menuet market execute DIR --market M</c>: solves a market and keeps each type's contract for real, against what was predicted.</summary>
internal static class ExecuteCommand
{
    internal static Command Create(Terminal terminal)
    {
        var folder = new Argument<string>("folder") { HelpName = "folder", Description = "Of the measurement that the market was made from" };
        var market = new Option<string>("--market") { Description = "A quality-contract or two-stage-contract market", Required = true };
        var users = NumberOptions.Whole("--users", "Users of each type that are served", 20, 1, 10_000);
        var attempts = NumberOptions.Whole("--attempts", "Most attempts for one user", 50, 1, 10_000);
        var threshold = NumberOptions.OptionalNumber("--threshold", "The quality to reach; without it the measurement's", -1e6, 1e6);
        var sheet = new Option<string?>("--sheet") { Description = "Writes the delivered images to this PNG file, a line for each type" };
        var rubric = new Option<string?>("--rubric") { Description = "The rubric of a measurement that was judged by a model with one" };
        var patience = new PatienceOptions();
        var command = new Command("execute", "Draws what each type of users bought until it is good enough, and compares with the prediction.") { folder, market, users, attempts, threshold, rubric, sheet };
        patience.AddTo(command);
        command.SetAction((parsed, cancellation) => Task.Run(
            async () =>
            {
                var measured = MeasurementFolder.Open(parsed.GetRequiredValue(folder));
                var plan = measured.ReadPlan();
                using var engine = patience.Open(parsed, plan.Backend, plan.LevelMax);
                var setup = Setup(measured, plan, engine, JudgeCommand.Rubric(parsed.GetValue(rubric), terminal), parsed.GetValue(users));
                return await RunAsync(
                    terminal, measured, setup, parsed.GetRequiredValue(market), parsed.GetValue(users), parsed.GetValue(attempts), parsed.GetValue(threshold) ?? measured.Threshold,
                    parsed.GetValue(sheet), cancellation);
            },
            CancellationToken.None));
        return command;
    }

    /// <summary>The measurement's plan for new users, once it is sure that the same models are there to serve them.</summary>
    private static MeasurementSetup Setup(MeasurementFolder folder, MeasurementPlan plan, Engine engine, Rubric rubric, int users)
    {
        var votes = folder.Plan["votes"] is JsonValue value && value.TryGetValue<int>(out var asked) && asked is >= 1 and <= 99 ? asked : 1;
        var now = new MeasurementSetup(plan, engine, rubric, votes).ToJson();
        ImmutableArray<Problem> problems =
        [
            .. now.Where(member => member.Value?.ToJsonString() != folder.Plan[member.Key]?.ToJsonString())
                .Select(member => new Problem(MeasurementFolder.PlanFile, $"{member.Key} differs: measured with {folder.Plan[member.Key]?.ToJsonString() ?? "none"}, now there is {member.Value?.ToJsonString() ?? "none"}")),
        ];
        // New users: with the embedded generator of intents of their own, with a server of the measured prompts and other noises.
        return problems.IsEmpty ? new(plan with { Seed = plan.Seed + 1, Images = Math.Max(2, users) }, engine, rubric, votes) : throw new InvalidRequestException(problems);
    }

    private static async Task<int> RunAsync(
        Terminal terminal, MeasurementFolder folder, MeasurementSetup setup, string marketName, int users, int attempts, double? wanted, string? sheet, CancellationToken cancellation)
    {
        if (setup.Plan.Judge == QualityMeasure.Frechet)
        {
            throw new InvalidRequestException([new("judge", "the Fréchet distance belongs to many images; a single one cannot reach a threshold of it")]);
        }

        var threshold = wanted ?? throw new InvalidRequestException([new("--threshold", "is needed: the measurement has none")]);
        if (MeasureCommand.ReachOf(setup.Plan.Judge, setup.Rubric, threshold) is { IsEmpty: false } unreachable)
        {
            throw new InvalidRequestException(unreachable);
        }

        var bytes = MarketSource.Read(marketName, terminal);
        var report = Catalog.Find(bytes).Solve(bytes, null, new SolveOptions(), cancellation);
        var items = Items(report);
        if (items.IsEmpty)
        {
            terminal.Output.WriteLine("Nobody buys anything: there is no contract to keep.");
            return ExitCode.NoOutcome;
        }

        if (items.FirstOrDefault(item => folder.Find(item.Level, item.Steps) is null) is { } unmeasured)
        {
            throw new InvalidRequestException([new(MeasurementFolder.PlanFile, $"has no measured cell at level {unmeasured.Level} and {unmeasured.Steps} steps, which type {unmeasured.Type} buys")]);
        }

        using var judge = folder.Judge(setup);
        var measurement = await folder.MeasureAsync(setup, judge, cancellation, "deliveries");
        var (qualities, efforts) = (ImmutableArray.CreateBuilder<ImmutableArray<object?>>(), ImmutableArray.CreateBuilder<ImmutableArray<object?>>());
        var images = new List<Image>();
        foreach (var item in items)
        {
            var cell = folder.Find(item.Level, item.Steps)!;
            var deliveries = new Delivery[users];
            // One after another where latency is this machine's own: it is compared with what was measured.
            await Parallel.ForEachAsync(
                Enumerable.Range(0, users),
                new ParallelOptions { CancellationToken = cancellation, MaxDegreeOfParallelism = setup.Plan.Backend.IsEmbedded ? 1 : setup.Engine.Concurrency },
                async (user, token) => deliveries[user] = await measurement.DeliverAsync(user, item.Level, item.Steps, threshold, attempts, token));
            var (all, kept) = (deliveries.Sum(d => d.Attempts), deliveries.Count(d => d.Succeeded));
            images.AddRange(deliveries.Select(d => d.Image));
            qualities.Add(
            [
                item.Type, item.Level, item.Steps, item.Quality, cell.Quality, deliveries.Average(d => d.FirstQuality),
                cell.Success(threshold), (double)deliveries.Count(d => d.FirstQuality >= threshold) / users, (double)kept / all,
            ]);
            efforts.Add(
            [
                item.Type, 1 / cell.Success(threshold), (double)all / users, 1e3 * folder.Seconds(item.Level, item.Steps), 1e3 * deliveries.Sum(d => d.Seconds) / all,
                (double)kept / users, item.Payment * kept,
            ]);
        }

        TableText.WriteText(terminal, terminal.Output, new(
            $"Contracts kept for {users} users of each type: quality, and share of images that reach {TableText.Number(threshold)}",
            [
                new("type"), new("level"), new("steps"), new("quality, curve"), new("quality, measured"), new("quality, first try"),
                new("success, measured"), new("success, first try"), new("success, all tries"),
            ],
            qualities.ToImmutable()));
        TableText.WriteText(terminal, terminal.Output, new(
            $"Effort and reward; at most {attempts} attempts",
            [
                new("type"), new("attempts, if independent"), new("attempts, realised"), new("latency of one, measured", "ms"), new("latency of one, realised", "ms"),
                new("share delivered"), new("reward", "money"),
            ],
            efforts.ToImmutable()));
        if (sheet is not null)
        {
            OutputFile.Write(sheet, Png.Write(Sheet.Of(images, scale: 2, columns: users)));
            terminal.Output.WriteLine($"Written: {sheet}");
        }

        return 0;
    }

    private static ImmutableArray<Item> Items(Report report)
    {
        using var stream = new MemoryStream();
        using (var writer = new Utf8JsonWriter(stream))
        {
            report.WriteJson(writer);
        }

        var answer = JsonNode.Parse(stream.ToArray())!;
        var menu = (answer["menu"] ?? answer["quality"]?["menu"]) as JsonArray;
        if (menu is null || menu.Any(item => item!["level"] is null || item["steps"] is null))
        {
            throw new InvalidRequestException([new("--market", "has no menu of levels and steps; quality-contract and two-stage-contract markets have one")]);
        }

        return
        [
            .. menu.Where(item => item!["excluded"]?.GetValue<bool>() != true)
                .Select(item => new Item((int)item!["type"]!, (int)item["level"]!, (int)item["steps"]!, (double?)item["quality"], (double)item["payment"]!)),
        ];
    }

    private sealed record Item(int Type, int Level, int Steps, double? Quality, double Payment);
}
