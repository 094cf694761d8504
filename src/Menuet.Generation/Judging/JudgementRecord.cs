using System.Collections.Immutable;
using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using Menuet.Documents;

namespace Menuet.Generation.Judging;

/// <summary>A judgement as one line of JSON, and back: what a dispute is settled by.</summary>
public static class JudgementRecord
{
    private static readonly JsonWriterOptions OneLine = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Writes one line, without its end. The endpoint's key is in no judgement.</summary>
    public static string Write(Judgement judgement, DateTimeOffset time)
    {
        ArgumentNullException.ThrowIfNull(judgement);
        using var stream = new MemoryStream();
        using (var writer = new Utf8JsonWriter(stream, OneLine))
        {
            Line.Shape.Write(writer, Line.Of(judgement, time));
        }

        return System.Text.Encoding.UTF8.GetString(stream.GetBuffer(), 0, (int)stream.Length);
    }

    /// <summary>Reads a line.</summary>
    /// <exception cref="InvalidRequestException">All problems at once.</exception>
    public static Judgement Read(ReadOnlySpan<byte> line)
    {
        var read = Document.Read(line, Line.Shape);
        var problems = read.Problems.IsEmpty ? [.. read.Value.Problems()] : read.Problems;
        return problems.IsEmpty ? read.Value.Judgement() : throw new InvalidRequestException(problems);
    }

    private sealed record Line
    {
        private string Time { get; init; } = "";

        private string Judge { get; init; } = "";

        private string Scale { get; init; } = "";

        private MarkLine? Content { get; init; }

        private MarkLine? Reference { get; init; }

        private double? Score { get; init; }

        private double? Spread { get; init; }

        private int VotesGiven { get; init; }

        private int VotesAsked { get; init; }

        private string? Reason { get; init; }

        private string? Seed { get; init; }

        private ImmutableArray<CriterionLine> Criteria { get; init; } = [];

        private InterviewLine? Interview { get; init; }

        internal static Shape<Line> Shape { get; } = new Shape<Line>("One judgement.")
            .Text("time", "when, UTC", l => l.Time, (ref l, v) => l = l with { Time = v ?? "" }, required: true)
            .Text("judge", "who", l => l.Judge, (ref l, v) => l = l with { Judge = v ?? "" }, required: true)
            .Text("scale", "what the score means", l => l.Scale, (ref l, v) => l = l with { Scale = v ?? "" }, required: true)
            .Nested("content", "what was judged", l => l.Content, (ref l, v) => l = l with { Content = v }, MarkLine.Shape, required: true)
            .Nested("reference", "what it was compared with", l => l.Reference, (ref l, v) => l = l with { Reference = v }, MarkLine.Shape)
            .OptionalNumber("score", "the median of the votes; null: the judge abstained", l => l.Score, (ref l, v) => l = l with { Score = v })
            .OptionalNumber("spread", "highest less lowest vote", l => l.Spread, (ref l, v) => l = l with { Spread = v })
            .Whole("votesGiven", "votes with a score", l => l.VotesGiven, (ref l, v) => l = l with { VotesGiven = v }, 0, 99, required: true)
            .Whole("votesAsked", "votes asked for", l => l.VotesAsked, (ref l, v) => l = l with { VotesAsked = v }, 1, 99, required: true)
            .Text("reason", "why there is no score", l => l.Reason, (ref l, v) => l = l with { Reason = v })
            .Text("seed", "of a simulated judge", l => l.Seed, (ref l, v) => l = l with { Seed = v })
            .List("criteria", "median of each criterion", l => l.Criteria, (ref l, v) => l = l with { Criteria = v }, CriterionLine.Shape)
            .Nested("interview", "what a language model was asked and answered", l => l.Interview, (ref l, v) => l = l with { Interview = v }, InterviewLine.Shape);

        internal static Line Of(Judgement judgement, DateTimeOffset time) => new()
        {
            Time = time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture),
            Judge = judgement.Judge,
            Scale = judgement.Scale,
            Content = new MarkLine { Mark = judgement.Content },
            Reference = judgement.Reference is { } reference ? new MarkLine { Mark = reference } : null,
            Score = judgement.Score,
            Spread = judgement.Spread,
            VotesGiven = judgement.Votes.Given,
            VotesAsked = judgement.Votes.Asked,
            Reason = judgement.Reason,
            Seed = judgement.Seed?.ToString(CultureInfo.InvariantCulture),
            Criteria = [.. judgement.Criteria.Select(c => new CriterionLine { Name = c.Name, Score = c.Score })],
            Interview = judgement.Interview is { } interview ? InterviewLine.Of(interview) : null,
        };

        internal IEnumerable<Problem> Problems()
        {
            if (Seed is not null && !ulong.TryParse(Seed, NumberStyles.None, CultureInfo.InvariantCulture, out _))
            {
                yield return new("$.seed", "must be a whole number in quotes", Seed);
            }

            foreach (var vote in Interview?.Votes ?? [])
            {
                if (vote.Nonce.Length != 32 || !vote.Nonce.All(char.IsAsciiHexDigitLower))
                {
                    yield return new("$.interview.votes", "each nonce must be 32 hexadecimal digits", vote.Nonce);
                }
            }
        }

        internal Judgement Judgement() => new()
        {
            Judge = Judge,
            Scale = Scale,
            Content = Content!.Mark,
            Reference = Reference?.Mark,
            Score = Score,
            Spread = Spread,
            Votes = (VotesGiven, VotesAsked),
            Reason = Reason,
            Seed = Seed is null ? null : ulong.Parse(Seed, NumberStyles.None, CultureInfo.InvariantCulture),
            Criteria = Criteria.IsDefault ? [] : [.. Criteria.Select(c => new CriterionScore(c.Name, c.Score))],
            Interview = Interview?.Interview(),
        };
    }

    private sealed record MarkLine
    {
        internal ContentMark Mark { get; init; } = new("", "", "");

        internal static Shape<MarkLine> Shape { get; } = new Shape<MarkLine>("Which content.")
            .Text("name", "as the user called it", l => l.Mark.Name, (ref l, v) => l = new() { Mark = l.Mark with { Name = v ?? "" } }, required: true)
            .Text("mediaType", "such as image/png", l => l.Mark.MediaType, (ref l, v) => l = new() { Mark = l.Mark with { MediaType = v ?? "" } }, required: true)
            .Text("sha256", "of its bytes", l => l.Mark.Sha256, (ref l, v) => l = new() { Mark = l.Mark with { Sha256 = v ?? "" } }, required: true);
    }

    private readonly record struct CriterionLine
    {
        public CriterionLine()
        {
        }

        internal string Name { get; init; } = "";

        internal double Score { get; init; }

        internal static Shape<CriterionLine> Shape { get; } = new Shape<CriterionLine>("One criterion.")
            .Text("name", "as in the rubric", l => l.Name, (ref l, v) => l = l with { Name = v ?? "" }, required: true)
            .Number("score", "median of the votes", l => l.Score, (ref l, v) => l = l with { Score = v }, required: true);
    }

    private sealed record InterviewLine
    {
        internal string Endpoint { get; init; } = "";

        internal string Model { get; init; } = "";

        internal string Rubric { get; init; } = "";

        internal ImmutableArray<VoteLine> Votes { get; init; } = [];

        internal static Shape<InterviewLine> Shape { get; } = new Shape<InterviewLine>("What a language model was asked and answered.")
            .Text("endpoint", "where", l => l.Endpoint, (ref l, v) => l = l with { Endpoint = v ?? "" }, required: true)
            .Text("model", "the model asked for", l => l.Model, (ref l, v) => l = l with { Model = v ?? "" }, required: true)
            .Text("rubricSha256", "of the rubric with its examples", l => l.Rubric, (ref l, v) => l = l with { Rubric = v ?? "" }, required: true)
            .List("votes", "one after another", l => l.Votes, (ref l, v) => l = l with { Votes = v }, VoteLine.Shape, required: true);

        internal static InterviewLine Of(Interview interview) => new()
        {
            Endpoint = interview.Endpoint,
            Model = interview.Model,
            Rubric = interview.RubricSha256,
            Votes = [.. interview.Votes.Select(vote => new VoteLine { Nonce = vote.Nonce, Attempts = [.. vote.Attempts.Select(a => new AttemptLine { Attempt = a })] })],
        };

        internal Interview Interview() => new(Endpoint, Model, Rubric, [.. Votes.Select(vote => new Vote(vote.Nonce, [.. vote.Attempts.Select(a => a.Attempt)]))]);
    }

    private readonly record struct VoteLine
    {
        public VoteLine()
        {
        }

        internal string Nonce { get; init; } = "";

        internal ImmutableArray<AttemptLine> Attempts { get; init; } = [];

        internal static Shape<VoteLine> Shape { get; } = new Shape<VoteLine>("One vote.")
            .Text("nonce", "unpredictable to the content's author", l => l.Nonce, (ref l, v) => l = l with { Nonce = v ?? "" }, required: true)
            .List("attempts", "one or two", l => l.Attempts, (ref l, v) => l = l with { Attempts = v }, AttemptLine.Shape, required: true);
    }

    private readonly record struct AttemptLine
    {
        public AttemptLine()
        {
        }

        internal Attempt Attempt { get; init; } = new("", null, null, null);

        internal static Shape<AttemptLine> Shape { get; } = new Shape<AttemptLine>("One question and its reply.")
            .Text("promptSha256", "of the request's body", l => l.Attempt.PromptSha256, (ref l, v) => l = new() { Attempt = l.Attempt with { PromptSha256 = v ?? "" } }, required: true)
            .Text("model", "as the reply names it", l => l.Attempt.Model, (ref l, v) => l = new() { Attempt = l.Attempt with { Model = v } })
            .Text("reply", "the message's text as it came", l => l.Attempt.Reply, (ref l, v) => l = new() { Attempt = l.Attempt with { Reply = v } })
            .Text("problem", "why the reply does not count", l => l.Attempt.Problem, (ref l, v) => l = new() { Attempt = l.Attempt with { Problem = v } });
    }
}
