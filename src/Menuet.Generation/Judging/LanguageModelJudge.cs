using System.ClientModel;
using System.ClientModel.Primitives;
using System.Text;
using System.Text.Json;
using OpenAI;
using OpenAI.Chat;

namespace Menuet.Generation.Judging;

/// <summary>
/// A large multimodal model behind any OpenAI-compatible endpoint. Each of k votes is a question of its own; the score is their median. A
/// malformed reply is asked for once more, then that vote abstains; without a majority of votes the judge abstains.
/// </summary>
/// <remarks>
/// Source: Wen et al. 2025, Sec. 3.2. Deviates: several votes, a strict schema, and abstention where the content speaks to its judge, none of
/// which the paper has. Whether a model can be talked into a high score within the schema is the model's own weakness; see docs/judging.md.
/// </remarks>
public sealed class LanguageModelJudge : IJudge, IDisposable
{
    private const int LongestQuote = 200;
    private const int MostKept = 4096;
    private static readonly string[] NoTools = ["tool_calls", "function_call"];

    private readonly ModelEndpoint endpoint;
    private readonly Rubric rubric;
    private readonly int votes;
    private readonly Func<string> nonce;
    private readonly HttpClient http;
    private readonly ChatClient client;

    /// <summary>Nothing is sent before the first judgement.</summary>
    /// <param name="endpoint">Where the model is.</param>
    /// <param name="rubric">What it is asked.</param>
    /// <param name="votes">k, from 1 to 99.</param>
    /// <param name="patience">Null: the defaults.</param>
    public LanguageModelJudge(ModelEndpoint endpoint, Rubric rubric, int votes = 1, Patience? patience = null)
        : this(endpoint, rubric, votes, patience, Question.NewNonce)
    {
    }

    internal LanguageModelJudge(ModelEndpoint endpoint, Rubric rubric, int votes, Patience? patience, Func<string> nonce)
    {
        ArgumentNullException.ThrowIfNull(endpoint);
        ArgumentNullException.ThrowIfNull(rubric);
        ArgumentOutOfRangeException.ThrowIfLessThan(votes, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(votes, 99);
        (this.endpoint, this.rubric, this.votes, this.nonce) = (endpoint, rubric, votes, nonce);
        patience ??= new();
        http = new(new BoundedHandler(patience)) { Timeout = Timeout.InfiniteTimeSpan };
        client = new(endpoint.Model, new ApiKeyCredential(endpoint.Key), new OpenAIClientOptions
        {
            Endpoint = endpoint.Address,
            Transport = new HttpClientPipelineTransport(http),
            RetryPolicy = new BoundedRetries(patience),
            NetworkTimeout = Timeout.InfiniteTimeSpan,   // the handler keeps the time, of the whole reply and not of each read
        });
    }

    /// <inheritdoc/>
    public string Name => "openai";

    /// <inheritdoc/>
    public string Scale => ScaleOf(rubric);

    /// <inheritdoc/>
    public void Dispose() => http.Dispose();

    /// <inheritdoc/>
    public async Task<Judgement> JudgeAsync(Content content, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(content);
        var asked = await Task.WhenAll(Enumerable.Range(0, votes).Select(_ => VoteAsync(content, nonce(), cancellation)));
        var interview = new Interview(endpoint.Address.ToString(), endpoint.Model, rubric.Hash(), [.. asked]);
        return Conclude(ContentMark.Of(content), rubric, interview);
    }

    /// <summary>The judgement that an interview supports: a function of the replies alone.</summary>
    internal static Judgement Conclude(ContentMark content, Rubric rubric, Interview interview)
    {
        var verdicts = interview.Votes
            .Select(vote => vote.Attempts is [.., { Problem: null, Reply: { } reply }] ? Verdict.Read(rubric, new Question(rubric, interview.Model, vote.Nonce).Receipt, reply, out _) : null)
            .ToArray();
        var given = verdicts.OfType<Verdict>().ToArray();
        var judgement = new Judgement
        {
            Judge = "openai",
            Scale = ScaleOf(rubric),
            Content = content,
            Interview = interview,
            Votes = (given.Length, verdicts.Length),
        };
        if (2 * given.Length <= verdicts.Length)
        {
            var problem = interview.Votes.SelectMany(vote => vote.Attempts).Select(attempt => attempt.Problem).LastOrDefault(p => p is not null);
            return judgement with { Reason = $"{verdicts.Length - given.Length} of {verdicts.Length} votes failed; the last: {problem ?? "no reply"}" };
        }

        var suspicious = given.Count(verdict => verdict.AddressesJudge);
        if (2 * suspicious >= given.Length)
        {
            return judgement with { Reason = $"{suspicious} of {given.Length} votes say that the content speaks to its judge; a person should look at it" };
        }

        var overall = given.Select(verdict => rubric.Overall(verdict.Scores.AsSpan())).Order().ToArray();
        return judgement with
        {
            Score = Median(overall),
            Spread = overall[^1] - overall[0],
            Criteria = [.. rubric.Criteria.Select((criterion, i) => new CriterionScore(criterion.Name, Median([.. given.Select(v => v.Scores[i]).Order()])))],
        };
    }

    private static string ScaleOf(Rubric rubric) => FormattableString.Invariant($"rating [{rubric.ScaleMin}, {rubric.ScaleMax}]");

    private static double Median(double[] sorted) => (sorted[(sorted.Length - 1) / 2] + sorted[sorted.Length / 2]) / 2;

    private async Task<Vote> VoteAsync(Content content, string nonce, CancellationToken cancellation)
    {
        var question = new Question(rubric, endpoint.Model, nonce);
        var first = await AskAsync(question, content, complaint: null, cancellation);
        return first is { Problem: { } problem, Reply: not null }
            ? new(nonce, [first, await AskAsync(question, content, problem, cancellation)])
            : new(nonce, [first]);
    }

    private async Task<Attempt> AskAsync(Question question, Content content, string? complaint, CancellationToken cancellation)
    {
        var body = question.Body(content, complaint);
        var hash = Question.Hash(body);
        try
        {
            var result = await client.CompleteChatAsync(
                BinaryContent.Create(BinaryData.FromBytes(body)),
                new RequestOptions { CancellationToken = cancellation, ErrorOptions = ClientErrorBehaviors.NoThrow });
            var response = result.GetRawResponse();
            if (response.Status != 200)
            {
                return Refused(hash, response);
            }

            var (model, reply, problem) = Message(response.Content.ToMemory());
            if (problem is null)
            {
                _ = Verdict.Read(rubric, question.Receipt, reply!, out problem);
            }

            return new(hash, model, reply, problem);
        }
        catch (Exception error) when (Unreachable(error, cancellation))
        {
            return new(hash, null, null, Quoted(Innermost(error).Message));
        }
    }

    private static bool Unreachable(Exception error, CancellationToken cancellation) => !cancellation.IsCancellationRequested
        && error is ClientResultException or AggregateException or HttpRequestException or IOException or OversizeException or OperationCanceledException;

    private static Exception Innermost(Exception error) =>
        error is AggregateException { InnerExceptions: [.., var last] } ? Innermost(last) : error.InnerException is { } inner ? Innermost(inner) : error;

    /// <summary>What cannot be mended by asking about other contents is the user's to mend.</summary>
    private static Attempt Refused(string hash, PipelineResponse response)
    {
        var said = ErrorMessage(response.Content.ToMemory());
        var problem = $"the server answered {response.Status}{(said is null ? "" : $": {said}")}";
        return response.Status switch
        {
            401 or 403 => throw new InvalidRequestException([new(ModelEndpoint.KeyVariable, $"is refused: {problem}")]),
            404 => throw new InvalidRequestException([new(ModelEndpoint.AddressVariable, $"or {ModelEndpoint.ModelVariable} is wrong: {problem}")]),
            >= 300 and < 400 => throw new InvalidRequestException([new(ModelEndpoint.AddressVariable, $"leads elsewhere ({response.Status}); redirects are not followed, give the final address")]),
            _ => new(hash, null, null, problem),
        };
    }

    private static string? ErrorMessage(ReadOnlyMemory<byte> body)
    {
        try
        {
            using var document = JsonDocument.Parse(body);
            return document.RootElement is { ValueKind: JsonValueKind.Object } root && root.TryGetProperty("error", out var error)
                && error.ValueKind == JsonValueKind.Object && error.TryGetProperty("message", out var message) && message.ValueKind == JsonValueKind.String
                ? Quoted(message.GetString()!) : null;
        }
        catch (Exception broken) when (broken is JsonException or InvalidOperationException)
        {
            return null;
        }
    }

    /// <summary>The message of a chat completion, whatever else the server sends; a problem where it is none. A reply makes a second question worthwhile.</summary>
    private static (string? Model, string? Reply, string? Problem) Message(ReadOnlyMemory<byte> body)
    {
        const string Malformed = "the server's answer is no chat completion";
        try
        {
            using var document = JsonDocument.Parse(body);
            var root = document.RootElement;
            if (root.ValueKind != JsonValueKind.Object || !root.TryGetProperty("choices", out var choices) || choices.ValueKind != JsonValueKind.Array
                || choices.GetArrayLength() != 1 || choices[0].ValueKind != JsonValueKind.Object
                || !choices[0].TryGetProperty("message", out var message) || message.ValueKind != JsonValueKind.Object)
            {
                return (null, Raw(), Malformed);
            }

            var model = Text(root, "model");
            var reply = Text(message, "content");
            return (model, reply ?? Raw(), Text(message, "refusal") is { Length: > 0 } ? "the model refused"
                : NoTools.Any(tool => message.TryGetProperty(tool, out var calls) && calls.ValueKind is JsonValueKind.Object or JsonValueKind.Array && calls.ToString() != "[]")
                    ? "the model called a tool that nobody offered"
                : Text(choices[0], "finish_reason") is "length" or "content_filter" ? "the reply was cut short"
                : reply is null ? Malformed : null);
        }
        catch (Exception broken) when (broken is JsonException or InvalidOperationException)
        {
            return (null, Raw(), Malformed);
        }

        // Kept for the record, as far as it can be of use.
        string Raw() => Encoding.UTF8.GetString(body.Span[..Math.Min(body.Length, MostKept)]);
    }

    private static string? Text(JsonElement element, string name) =>
        element.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    private static string Quoted(string text)
    {
        var line = new string([.. text.Select(c => char.IsControl(c) ? ' ' : c)]);
        return line.Length <= LongestQuote ? line : line[..LongestQuote] + "…";
    }
}
