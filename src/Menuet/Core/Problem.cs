using System.Collections.Immutable;

namespace Menuet;

/// <summary>One thing wrong with a request: where, what, and the offending value.</summary>
/// <param name="Path">A JSONPath into the document, such as <c>$.types[0].gain</c>; or an option's name.</param>
/// <param name="Message">What is wrong, what is permitted, and what to do.</param>
/// <param name="Value">The offending value as JSON text; null when there is none, as for a missing key.</param>
public sealed record Problem(string Path, string Message, string? Value = null)
{
    /// <summary>A problem with a number, which becomes the offending value.</summary>
    public static Problem With(string path, double value, string message) =>
        new(path, message, Documents.DocumentText.Number(value));
}

/// <summary>The request cannot be understood. Carries all problems found, not the first.</summary>
/// <param name="problems">At least one.</param>
/// <param name="kind">The kind of the document, when it could be read.</param>
public sealed class InvalidRequestException(ImmutableArray<Problem> problems, string? kind = null)
    : Exception(string.Join("; ", problems.Select(problem => $"{problem.Path}: {problem.Message}")))
{
    /// <summary>Every problem found.</summary>
    public ImmutableArray<Problem> Problems { get; } = problems;

    /// <summary>The kind of the document; null when unknown.</summary>
    public string? Kind { get; } = kind;
}
