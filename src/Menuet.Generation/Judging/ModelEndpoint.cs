using System.Collections.Immutable;

namespace Menuet.Generation.Judging;

/// <summary>Where a language model is, and what opens it. Not a record: its text must never show the key.</summary>
/// <param name="address">Of the API, such as https://api.openai.com/v1.</param>
/// <param name="model">The model's name there.</param>
/// <param name="key">The secret.</param>
public sealed class ModelEndpoint(Uri address, string model, string key)
{
    /// <summary>The environment variable with the address.</summary>
    public const string AddressVariable = "MENUET_JUDGE_ENDPOINT";

    /// <summary>The environment variable with the model's name.</summary>
    public const string ModelVariable = "MENUET_JUDGE_MODEL";

    /// <summary>The environment variable with the key.</summary>
    public const string KeyVariable = "MENUET_JUDGE_KEY";

    /// <summary>Of the API.</summary>
    public Uri Address { get; } = address;

    /// <summary>The model's name there.</summary>
    public string Model { get; } = model;

    internal string Key { get; } = key;

    /// <summary>Reads the three variables.</summary>
    /// <param name="variable">The value of an environment variable; null when it is not set.</param>
    /// <exception cref="InvalidRequestException">Every variable that is missing or malformed.</exception>
    public static ModelEndpoint FromEnvironment(Func<string, string?> variable)
    {
        ArgumentNullException.ThrowIfNull(variable);
        var problems = ImmutableArray.CreateBuilder<Problem>();
        string Needed(string name, string what)
        {
            var value = variable(name)?.Trim();
            if (string.IsNullOrEmpty(value))
            {
                problems.Add(new(name, $"is not set; export it with {what}"));
            }

            return value ?? "";
        }

        var address = Needed(AddressVariable, "the address of an OpenAI-compatible API, such as https://api.openai.com/v1");
        var model = Needed(ModelVariable, "the name of a model that reads images");
        var key = Needed(KeyVariable, "the API's key (any word for a server that asks for none)");
        if (!Uri.TryCreate(address, UriKind.Absolute, out var uri) || uri.Scheme is not ("http" or "https") || uri.UserInfo.Length > 0 || uri.Query.Length > 0)
        {
            if (address.Length > 0)
            {
                problems.Add(new(AddressVariable, "must be an http or https address without a user, a password or a query"));
            }
        }

        if (key.Any(c => c is <= ' ' or > '~'))
        {
            problems.Add(new(KeyVariable, "holds characters that no key has"));
        }

        return problems.Count == 0 ? new(uri!, model, key) : throw new InvalidRequestException(problems.ToImmutable());
    }

    /// <inheritdoc/>
    public override string ToString() => $"{Model} at {Address}";
}
