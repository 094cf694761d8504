using System.Collections.Immutable;
using Menuet.Figures;
using Menuet.Learning.Training;

namespace Menuet.Experiments;

/// <summary>A publication whose exhibits are made again, and whose claims are judged by what comes out.</summary>
/// <param name="Id">As in the catalogue: <c>ye</c>, <c>lai2025</c>, <c>fan</c>, <c>wen2025</c>, <c>zhan</c>.</param>
/// <param name="Title">The publication's title.</param>
/// <param name="Citation">Its BibTeX entry.</param>
/// <param name="Exhibits">Its figures and tables, in the publication's order; ours that it lacks come last.</param>
/// <param name="Claims">What its text asserts, in our words.</param>
public sealed record Paper(string Id, string Title, string Citation, ImmutableArray<Exhibit> Exhibits, ImmutableArray<Claim> Claims);

/// <summary>One figure or table, made from scratch.</summary>
/// <param name="Id">Short and stable, a folder's name: <c>fig5</c>, <c>table2</c>; <c>x-…</c> for ours that the publication lacks.</param>
/// <param name="Title">What is seen.</param>
/// <param name="Printed">What the publication shows there, in our words; empty for ours.</param>
/// <param name="Make">Makes it; the same conditions make the same bits.</param>
public sealed record Exhibit(string Id, string Title, string Printed, Func<Conditions, Findings> Make)
{
    /// <summary>What must be trained before; exhibits share it.</summary>
    public ImmutableArray<Training> Trainings { get; init; } = [];
}

/// <summary>How an exhibit is made.</summary>
/// <param name="Quick">Fewer points, draws and seeds; marked wherever it is shown.</param>
/// <param name="Seeds">Seeds of everything that is trained or drawn, at least 1: 0, 1, …, Seeds − 1.</param>
/// <param name="Trained">Every seed of one of the exhibit's trainings, in their order; cut short where the run is quick.</param>
/// <param name="Progress">Told the share that is done, in [0, 1].</param>
/// <param name="Cancellation">Ends the work early; what is unfinished is made again by the next run.</param>
public sealed record Conditions(
    bool Quick, int Seeds, Func<Training, ImmutableArray<FinishedTraining>> Trained, Action<double> Progress, CancellationToken Cancellation)
{
    /// <summary>What exhibits solve, compare and audit with; one of each kind.</summary>
    internal ImmutableArray<IMechanism> Mechanisms { get; init; } = Catalog.Mechanisms;

    /// <summary>One number for a quick run, another for a full one.</summary>
    public T Of<T>(T quick, T full) => Quick ? quick : full;

    /// <summary>The one of <see cref="Mechanisms"/> in the place of one that ships.</summary>
    internal Mechanism<TMarket, TOutcome, TAnswer> InUse<TMarket, TOutcome, TAnswer>(Mechanism<TMarket, TOutcome, TAnswer> shipped)
        where TMarket : class, IMarket, new()
        where TOutcome : class
        where TAnswer : class, IAnswer, new() =>
        Mechanisms.OfType<Mechanism<TMarket, TOutcome, TAnswer>>().Single(mechanism => mechanism.Kind == shipped.Kind);
}

/// <summary>What an exhibit shows.</summary>
public sealed record Findings
{
    /// <summary>Charts: axes named and in units as in the publication, with the exact reference beside whatever is learned.</summary>
    public ImmutableArray<Figure> Figures { get; init; } = [];

    /// <summary>Tables.</summary>
    public ImmutableArray<Table> Tables { get; init; } = [];

    /// <summary>The numbers that claims are judged by; names are unique within the paper.</summary>
    public ImmutableArray<Quantity> Quantities { get; init; } = [];

    /// <summary>How it differs from what is printed, and why; may be empty.</summary>
    public string Remark { get; init; } = "";
}

/// <summary>A measured number with its interval.</summary>
/// <param name="Name">camelCase, unique within the paper.</param>
/// <param name="Meaning">In a few words.</param>
/// <param name="Unit">Empty for a pure number.</param>
/// <param name="Value">The estimate, or the exact value.</param>
/// <param name="Low">Lower end of its 95 % interval; the value itself where it is exact.</param>
/// <param name="High">Upper end.</param>
/// <param name="Samples">Seeds or draws that it comes from; 1 where it is exact.</param>
public sealed record Quantity(string Name, string Meaning, string Unit, double Value, double Low, double High, int Samples)
{
    /// <summary>Whether it is of trained policies: a quick run, which hardly trains them, judges nothing by it.</summary>
    public bool IsLearned { get; init; }

    /// <summary>A number that no chance enters.</summary>
    public static Quantity Exact(string name, string meaning, string unit, double value) => new(name, meaning, unit, value, value, value, 1);

    /// <summary>The mean of independent samples with its 95 % interval by Student's t.</summary>
    /// <param name="name">camelCase.</param>
    /// <param name="meaning">In a few words.</param>
    /// <param name="unit">Empty for a pure number.</param>
    /// <param name="samples">At least one; with one the interval is unbounded.</param>
    public static Quantity Mean(string name, string meaning, string unit, ReadOnlySpan<double> samples)
    {
        if (samples.Length == 0)
        {
            throw new ArgumentException("A mean needs at least one sample.", nameof(samples));
        }

        double sum = 0, squares = 0;
        foreach (var sample in samples)
        {
            sum += sample;
        }

        var mean = sum / samples.Length;
        foreach (var sample in samples)
        {
            squares += (sample - mean) * (sample - mean);
        }

        var half = samples.Length == 1
            ? double.PositiveInfinity
            : MathNet.Numerics.Distributions.StudentT.InvCDF(0, 1, samples.Length - 1, 0.975) * Math.Sqrt(squares / (samples.Length - 1.0) / samples.Length);
        return new(name, meaning, unit, mean, mean - half, mean + half, samples.Length);
    }
}

/// <summary>Something that a publication asserts, and how it is tested.</summary>
/// <param name="Id">Short and stable: <c>ye-latency-reduction-22</c>.</param>
/// <param name="Statement">What is asserted, in our words.</param>
/// <param name="Source">Section, figure or equation.</param>
/// <param name="Test">How it is tested, so that a reader can do it again.</param>
/// <param name="Quantities">Names of the <see cref="Quantity"/>s that the verdict rests on; the first is shown as the measured value.</param>
/// <param name="Judge">The rule: from these quantities, in that order, to the verdict. Never looks at anything else.</param>
/// <param name="Remark">Why, where the number alone does not say it; may be empty.</param>
public sealed record Claim(
    string Id, string Statement, string Source, string Test, ImmutableArray<string> Quantities, Func<ImmutableArray<Quantity>, Verdict> Judge, string Remark = "");

/// <summary>What the data say of a claim.</summary>
public enum Verdict
{
    /// <summary>The exhibits were not made, or the claim is of learners and the run was quick.</summary>
    Untested,

    /// <summary>It holds, beyond the interval of what was measured.</summary>
    Holds,

    /// <summary>In direction but not in size, or in part of the cases.</summary>
    Partly,

    /// <summary>The data do not show it.</summary>
    NotSupported,

    /// <summary>A proven bound excludes it.</summary>
    CannotHold,
}
