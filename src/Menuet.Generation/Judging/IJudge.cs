using System.Collections.Immutable;

namespace Menuet.Generation.Judging;

/// <summary>Says how good content is.</summary>
public interface IJudge
{
    /// <summary>kebab-case, as on the command line.</summary>
    string Name { get; }

    /// <summary>What its scores mean, such as "rating [0, 10]" or "SSIM [-1, 1]".</summary>
    string Scale { get; }

    /// <summary>Judges one content.</summary>
    /// <param name="content">What was made.</param>
    /// <param name="cancellation">Ends the work early.</param>
    /// <returns>A judgement without a score, and the reason, where the judge abstains.</returns>
    /// <exception cref="InvalidRequestException">The content cannot be judged by this judge at all, or the judge is not set up.</exception>
    Task<Judgement> JudgeAsync(Content content, CancellationToken cancellation);
}

/// <summary>What a judge found, and enough to find it again.</summary>
public sealed record Judgement
{
    /// <summary>The judge's name.</summary>
    public required string Judge { get; init; }

    /// <summary>What the score means.</summary>
    public required string Scale { get; init; }

    /// <summary>What was judged.</summary>
    public required ContentMark Content { get; init; }

    /// <summary>What it was compared with; null for judges without a reference.</summary>
    public ContentMark? Reference { get; init; }

    /// <summary>The median of the votes; null when the judge abstains.</summary>
    public double? Score { get; init; }

    /// <summary>Highest less lowest vote; null when there is no score.</summary>
    public double? Spread { get; init; }

    /// <summary>Median of each criterion over the votes; empty where a judge has no criteria.</summary>
    public ImmutableArray<CriterionScore> Criteria { get; init; } = [];

    /// <summary>Why there is no score; null when there is one.</summary>
    public string? Reason { get; init; }

    /// <summary>Seed of a simulated judge; null for the others.</summary>
    public ulong? Seed { get; init; }

    /// <summary>What a language model was asked and answered; null for other judges.</summary>
    public Interview? Interview { get; init; }

    /// <summary>How many votes have a score, and how many were asked for.</summary>
    public (int Given, int Asked) Votes { get; init; } = (1, 1);
}

/// <summary>Which content: a name for people, a hash for certainty.</summary>
/// <param name="Name">As the user called it.</param>
/// <param name="MediaType">Such as image/png.</param>
/// <param name="Sha256">Of its bytes, lower-case hexadecimal.</param>
public sealed record ContentMark(string Name, string MediaType, string Sha256)
{
    internal static ContentMark Of(Content content) => new(content.Name, content.MediaType, content.Hash);
}

/// <summary>One criterion's score.</summary>
/// <param name="Name">As in the rubric.</param>
/// <param name="Score">On the rubric's scale.</param>
public sealed record CriterionScore(string Name, double Score);

/// <summary>Everything that was asked of a language model about one content.</summary>
/// <param name="Endpoint">Where, without the key.</param>
/// <param name="Model">The model asked for.</param>
/// <param name="RubricSha256">Of the rubric, examples included.</param>
/// <param name="Votes">One after another.</param>
public sealed record Interview(string Endpoint, string Model, string RubricSha256, ImmutableArray<Vote> Votes);

/// <summary>One vote: a question, perhaps asked twice.</summary>
/// <param name="Nonce">Unpredictable to the content's author: 16 digits the reply must repeat, 16 digits that fence the content.</param>
/// <param name="Attempts">One, or two where the first reply was malformed.</param>
public sealed record Vote(string Nonce, ImmutableArray<Attempt> Attempts);

/// <summary>One question and what came back.</summary>
/// <param name="PromptSha256">Of the request's body, byte by byte as sent.</param>
/// <param name="Model">The model that the reply names; null when it names none.</param>
/// <param name="Reply">The message's text as it came; null when none came.</param>
/// <param name="Problem">Why the reply does not count; null when it does.</param>
public sealed record Attempt(string PromptSha256, string? Model, string? Reply, string? Problem);
