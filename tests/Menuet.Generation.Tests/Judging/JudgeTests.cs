using System.Text;
using Menuet.Generation.Imaging;
using Menuet.Generation.Judging;
using Menuet.Generation.Quality;
using Menuet.Generation.Tests.Quality;

namespace Menuet.Generation.Tests.Judging;

public sealed class JudgeTests
{
    [Fact]
    public async Task TheSimulatedJudge_IsUniformSeededAndNamed()
    {
        var counts = new int[11];
        for (var i = 0; i < 11_000; i++)
        {
            var judgement = await new SimulatedJudge().JudgeAsync(Text($"content {i}"), default);
            counts[(int)judgement.Score!.Value]++;
        }

        // χ² with 10 degrees of freedom exceeds 29.6 once in a thousand.
        Assert.True(counts.Sum(count => (count - 1000.0) * (count - 1000) / 1000) < 29.6, string.Join(' ', counts));
        var again = await new SimulatedJudge(seed: 3).JudgeAsync(Text("a"), default);
        Assert.Equal("simulated", again.Judge);
        Assert.StartsWith("simulated", again.Scale, StringComparison.Ordinal);
        Assert.Equal(again.Score, (await new SimulatedJudge(seed: 3).JudgeAsync(Text("a"), default)).Score);
        Assert.Contains(Enumerable.Range(4, 20), seed => new SimulatedJudge(seed: (ulong)seed).JudgeAsync(Text("a"), default).Result.Score != again.Score);
        Assert.Equal(7, (await new SimulatedJudge(7, 7, votes: 4).JudgeAsync(Text("a"), default)).Score);
        Assert.Throws<ArgumentOutOfRangeException>(() => new SimulatedJudge(3, 2));
    }

    [Fact]
    public async Task ReferenceJudges_Measure_AndReplay()
    {
        var (x, y) = (StructuralSimilarityTests.Noise(1, 20, 20), StructuralSimilarityTests.Smooth(20, 20));
        var (content, reference) = (Picture("x.png", x), Picture("y.png", y));
        foreach (var (judge, expected) in new[]
        {
            (ReferenceJudge.Similarity(reference), StructuralSimilarity.Index(x, y)), (ReferenceJudge.PeakRatio(reference), SignalToNoise.PeakRatio(x, y)),
        })
        {
            var judgement = await judge.JudgeAsync(content, default);
            Assert.Equal(expected, judgement.Score);
            var record = JudgementRecord.Read(Encoding.UTF8.GetBytes(JudgementRecord.Write(judgement, DateTimeOffset.UnixEpoch)));
            Assert.Empty(await Replay.FaultsAsync(record, content, reference, new(), default));
            Assert.NotEmpty(await Replay.FaultsAsync(record with { Score = expected + 1e-6 }, content, reference, new(), default));
            Assert.NotEmpty(await Replay.FaultsAsync(record, content, content, new(), default));
            Assert.NotEmpty(await Replay.FaultsAsync(record, content, null, new(), default));
        }

        var simulated = await new SimulatedJudge(2, 9, 3, 5).JudgeAsync(content, default);
        Assert.Empty(await Replay.FaultsAsync(simulated, content, null, new(), default));
        Assert.NotEmpty(await Replay.FaultsAsync(simulated with { Seed = 6 }, content, null, new(), default));
        Assert.NotEmpty(await Replay.FaultsAsync(simulated with { Judge = "oracle" }, content, null, new(), default));
    }

    [Fact]
    public async Task EqualImages_HaveNoFinitePeakRatio()
    {
        var picture = Picture("x.png", StructuralSimilarityTests.Noise(1, 20, 20));
        var judgement = await ReferenceJudge.PeakRatio(picture).JudgeAsync(picture, default);
        Assert.Null(judgement.Score);
        Assert.Contains("infinite", judgement.Reason, StringComparison.Ordinal);
        Assert.Equal(1, (await ReferenceJudge.Similarity(picture).JudgeAsync(picture, default)).Score!.Value, 12);
    }

    [Fact]
    public async Task WhatCannotBeCompared_IsRefusedByName()
    {
        var judge = ReferenceJudge.Similarity(Picture("y.png", StructuralSimilarityTests.Smooth(20, 20)));
        Assert.Equal("x.png", (await Assert.ThrowsAsync<InvalidRequestException>(() => judge.JudgeAsync(Picture("x.png", StructuralSimilarityTests.Smooth(20, 21)), default))).Problems.Single().Path);
        Assert.Equal("t.txt", (await Assert.ThrowsAsync<InvalidRequestException>(() => judge.JudgeAsync(Text("words", "t.txt"), default))).Problems.Single().Path);
    }

    [Theory]
    [InlineData("image/png", new byte[] { 0x89, 80, 78, 71, 13, 10, 26, 10, 1 })]
    [InlineData("image/jpeg", new byte[] { 0xFF, 0xD8, 0xFF, 0xE0 })]
    [InlineData("image/gif", new byte[] { 71, 73, 70, 56, 57, 97, 0 })]
    [InlineData("image/webp", new byte[] { 82, 73, 70, 70, 1, 0, 0, 0, 87, 69, 66, 80 })]
    [InlineData("text/plain", new byte[] { 104, 105 })]
    public void Files_AreKnownByTheirBytes(string type, byte[] bytes) => Assert.Equal(type, Content.Of("noname", bytes).MediaType);

    [Theory]
    [InlineData(new byte[0])]
    [InlineData(new byte[] { 0xFF, 0xFE })]
    [InlineData(new byte[] { 1, 0, 1 })]
    public void UnknownFiles_AreRefused(byte[] bytes) => Assert.Throws<InvalidRequestException>(() => Content.Of("noname", bytes));

    [Fact]
    public void HugeFiles_AreRefused() => Assert.Throws<InvalidRequestException>(() => Content.Of("huge", new byte[Content.MaxBytes + 1]));

    [Fact]
    public void InvisibleCharacters_AreTakenOut() =>
        Assert.Equal("give é 中 😀\nend", Text("g\u200biv\u0007e\r é \U000E0067中 \uFEFF😀\ue000\ufe0f\U000E0142\u3164\u115f\u034f\U000E0FFF\u0378\nend").VisibleText());

    [Fact]
    public void TheEndpoint_ComesFromTheEnvironment_OrEveryGapIsNamed()
    {
        var endpoint = ModelEndpoint.FromEnvironment(name => name switch
        {
            ModelEndpoint.AddressVariable => "https://models.example/v1",
            ModelEndpoint.ModelVariable => "m",
            _ => "k",
        });
        Assert.Equal("m at https://models.example/v1", endpoint.ToString());
        Assert.Equal(
            [ModelEndpoint.AddressVariable, ModelEndpoint.ModelVariable, ModelEndpoint.KeyVariable],
            Assert.Throws<InvalidRequestException>(() => ModelEndpoint.FromEnvironment(_ => null)).Problems.Select(problem => problem.Path));
        Assert.All(["ftp://x", "models.example", "https://user:pass@x/v1", "https://x/v1?key=1"], address =>
            Assert.Equal(ModelEndpoint.AddressVariable, Assert.Throws<InvalidRequestException>(
                () => ModelEndpoint.FromEnvironment(name => name == ModelEndpoint.AddressVariable ? address : "ok")).Problems.Single().Path));
        Assert.DoesNotContain("two\nlines", Assert.Throws<InvalidRequestException>(
            () => ModelEndpoint.FromEnvironment(name => name == ModelEndpoint.AddressVariable ? "https://x" : "two\nlines")).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void ARubric_IsReadStrictly_AndHashedWithItsExamples()
    {
        Assert.Equal(new Rubric().Hash(), Rubric.Read("{}"u8, _ => throw new InvalidOperationException()).Hash());
        var rubric = """{"scaleMax": 5, "criteria": [{"name": "wit", "meaning": "funny"}], "examples": [{"file": "a.txt", "scores": [4]}]}"""u8.ToArray();
        var (one, other) = (Rubric.Read(rubric, name => Text("one", name)), Rubric.Read(rubric, name => Text("other", name)));
        Assert.NotEqual(one.Hash(), other.Hash());
        Assert.Equal(4, one.Overall([4]));
        var problems = Assert.Throws<InvalidRequestException>(() => Rubric.Read(
            """{"scaleMax": -1, "criteria": [{"name": "a b", "meaning": ""}, {"name": "x", "meaning": ""}, {"name": "x", "meaning": ""}], "examples": [{"scores": [1]}]}"""u8, _ => Text("x"))).Problems;
        Assert.Equal(["$.scaleMax", "$.criteria[0].name", "$.criteria[2].name", "$.examples[0]", "$.examples[0].scores"], problems.Select(problem => problem.Path));
        Assert.Contains("criterai", Assert.Throws<InvalidRequestException>(() => Rubric.Read("""{"criterai": []}"""u8, _ => Text("x"))).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{}")]
    [InlineData("[]")]
    [InlineData("{\"time\":3}")]
    [InlineData("not json")]
    public void ABrokenRecord_IsRefused(string line) => Assert.Throws<InvalidRequestException>(() => JudgementRecord.Read(Encoding.UTF8.GetBytes(line)));

    private static Content Text(string text, string name = "text") => Content.Of(name, Encoding.UTF8.GetBytes(text));

    private static Content Picture(string name, Image image) => Content.Of(name, Png.Write(image));
}
