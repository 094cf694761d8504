namespace Menuet;

/// <summary>A market: everything a mechanism needs to know, as one immutable value.</summary>
public interface IMarket
{
    /// <summary>
    /// Every way in which this market is not well posed that its document's shape cannot express (sums, orders,
    /// keys that exclude each other); empty when it is. Paths start at <c>$</c>.
    /// </summary>
    IEnumerable<Problem> Problems();
}

/// <summary>The public answer to a market, as its JSON document has it.</summary>
public interface IAnswer
{
    /// <summary>The answer's status word, such as <c>optimal</c> or <c>infeasible</c>.</summary>
    string Status { get; }

    /// <summary>The designer's objective; null exactly when there is no outcome.</summary>
    double? Objective { get; }
}
