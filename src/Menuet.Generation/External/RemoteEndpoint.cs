using System.Collections.Immutable;

namespace Menuet.Generation.External;

/// <summary>Where a generator or a rewriting model is, and what opens it. Not a record: its text must never show the key.</summary>
/// <param name="address">Of the API, such as https://api.openai.com/v1 or http://127.0.0.1:7860.</param>
/// <param name="model">The model's name there; empty where the server has one of its own.</param>
/// <param name="key">The secret; empty for none. For the web UI USER:PASSWORD.</param>
public sealed class RemoteEndpoint(Uri address, string model, string key)
{
    /// <summary>Of the API.</summary>
    public Uri Address { get; } = address;

    /// <summary>The model's name there; empty where the server has one of its own.</summary>
    public string Model { get; } = model;

    internal string Key { get; } = key;

    /// <summary>Reads PREFIX_ENDPOINT, PREFIX_MODEL and PREFIX_KEY.</summary>
    /// <param name="prefix">Such as MENUET_IMAGE.</param>
    /// <param name="needsModel">Whether the model's name is required.</param>
    /// <param name="variable">The value of an environment variable; null when it is not set.</param>
    /// <exception cref="InvalidRequestException">Every variable that is missing or malformed.</exception>
    public static RemoteEndpoint FromEnvironment(string prefix, bool needsModel, Func<string, string?> variable)
    {
        ArgumentNullException.ThrowIfNull(variable);
        var problems = ImmutableArray.CreateBuilder<Problem>();
        var (address, model, key) = (variable(prefix + "_ENDPOINT")?.Trim() ?? "", variable(prefix + "_MODEL")?.Trim() ?? "", variable(prefix + "_KEY")?.Trim() ?? "");
        if (!Uri.TryCreate(address, UriKind.Absolute, out var uri) || uri.Scheme is not ("http" or "https") || uri.UserInfo.Length > 0 || uri.Query.Length > 0)
        {
            problems.Add(new(prefix + "_ENDPOINT", address.Length == 0
                ? "is not set; export it with the address of the API" : "must be an http or https address without a user, a password or a query"));
        }

        if (needsModel && model.Length == 0)
        {
            problems.Add(new(prefix + "_MODEL", "is not set; export it with the model's name"));
        }

        if (key.Any(c => c is <= ' ' or > '~'))
        {
            problems.Add(new(prefix + "_KEY", "holds characters that no key has"));
        }

        return problems.Count == 0 ? new(uri!, model, key) : throw new InvalidRequestException(problems.ToImmutable());
    }

    /// <summary>The same text without the key, which a server may repeat.</summary>
    internal string Hidden(string text) => Key.Length == 0 ? text : text.Replace(Key, "***", StringComparison.Ordinal);

    /// <inheritdoc/>
    public override string ToString() => Model.Length > 0 ? $"{Model} at {Address}" : Address.ToString();
}
