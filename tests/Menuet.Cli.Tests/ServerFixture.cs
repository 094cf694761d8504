using Menuet.Generation.Tests.External;

namespace Menuet.Cli.Tests;

/// <summary>Classes that set environment variables run one after another, against one server.</summary>
[CollectionDefinition(Name)]
public sealed class OneServer : ICollectionFixture<ProtocolServer>
{
    internal const string Name = "server";
}

/// <summary>Environment variables that go when the test ends.</summary>
internal sealed class Variables : IDisposable
{
    private readonly string[] names;

    private Variables((string Name, string Value)[] values)
    {
        names = [.. values.Select(value => value.Name)];
        foreach (var (name, value) in values)
            Environment.SetEnvironmentVariable(name, value);
    }

    /// <summary>Every endpoint at one server, images by the web UI's protocol.</summary>
    internal static Variables WebUi(ProtocolServer server) => new(
    [
        ("MENUET_IMAGE_ENDPOINT", server.Address), ("MENUET_IMAGE_KEY", ProtocolServer.User), .. Texts(server),
    ]);

    /// <summary>Every endpoint at one server, images by OpenAI's protocol.</summary>
    internal static Variables OpenAi(ProtocolServer server, string key = ProtocolServer.Key) => new(
    [
        ("MENUET_IMAGE_ENDPOINT", $"{server.Address}/v1"), ("MENUET_IMAGE_KEY", key), ("MENUET_IMAGE_MODEL", ProtocolServer.ImageModel), .. Texts(server),
    ]);

    public void Dispose()
    {
        foreach (var name in names)
            Environment.SetEnvironmentVariable(name, null);
    }

    private static (string, string)[] Texts(ProtocolServer server) =>
    [
        .. new[] { "MENUET_PROMPT", "MENUET_JUDGE" }.SelectMany(prefix => new[] { (prefix + "_ENDPOINT", $"{server.Address}/v1"), (prefix + "_KEY", ProtocolServer.Key), (prefix + "_MODEL", ProtocolServer.ChatModel) }),
    ];
}
