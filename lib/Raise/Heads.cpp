// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Heads by what their elements are.

#include "Heads.h"
#include "StoredWaves.h"

#include "llvm/ADT/DenseMap.h"

using namespace qeff;

namespace {
/// A summand of a channel: factor·source[…]·(1, cos or sin of an angle).
struct Summand {
  enum class Wave { None, Cos, Sin } wave = Wave::None;
  double factor = 1;
  Expr load;
  Expr angle;
  /// The element of a stored table that the wave is, or null.
  Expr stored;
};

class HeadMatcher {
public:
  HeadMatcher(Elements &elements, int64_t count, int64_t size, Expr row,
              Expr position, std::string &why)
      : elements(elements), table(elements.getTable()), row(row),
        position(position), why(why) {
    heads.count = count;
    heads.size = size;
    heads.columns.resize(static_cast<size_t>(count * size), -1);
    channels.resize(static_cast<size_t>(count * size));
  }

  std::optional<Heads> run(HeadElementFn getElement);

private:
  bool fail(const Twine &reason) {
    why = reason.str();
    return false;
  }
  bool parse(Expr element, SmallVectorImpl<Summand> &summands);
  bool parseProduct(Expr element, double factor, Summand &summand);
  std::optional<int64_t> matchFlatHead(Expr at);
  const std::optional<StoredWave> &getWave(Expr load);
  bool resolveStored(MutableArrayRef<Summand> summands);
  bool matchColumn(Expr load, int64_t &column);
  bool matchPlain();
  bool matchRotated();
  bool matchRotation(int64_t pairs, RopeStyle style);
  bool matchPair(const Rotation &rotation, int64_t head, int64_t first,
                 int64_t second, int64_t pair);
  bool matchAngle(Expr angle, Rotation &rotation, double &frequency);
  bool sortWaves(ArrayRef<Summand> summands, Summand &cosine, Summand &sine);

  SmallVector<Summand> &at(int64_t head, int64_t channel) {
    return channels[static_cast<size_t>(head * heads.size + channel)];
  }

  Elements &elements;
  ExprTable &table;
  Expr row, position;
  std::string &why;
  Heads heads;
  std::vector<SmallVector<Summand>> channels;
  /// By the elements of stored tables that are the cosine and the sine.
  llvm::DenseMap<std::pair<Expr, Expr>, std::optional<WaveFit>> fits;
  llvm::DenseMap<Expr, std::optional<StoredWave>> waves;
  bool hasSource = false, hasFactor = false;
};
} // namespace

//===----------------------------------------------------------------------===//
// Reading one element
//===----------------------------------------------------------------------===//

const std::optional<StoredWave> &HeadMatcher::getWave(Expr load) {
  auto [entry, isNew] = waves.try_emplace(load);
  if (isNew) {
    entry->second = getStoredWave(elements, load);
  }
  return entry->second;
}

/// Gives the two summands of a channel that is rotated by stored waves the angle
/// and the factor that these have.
bool HeadMatcher::resolveStored(MutableArrayRef<Summand> summands) {
  if (summands.size() != 2 || !summands[0].stored || !summands[1].stored) {
    return llvm::none_of(summands,
                         [](const Summand &of) { return of.stored; }) ||
           fail("a rotated channel is not of one cosine and one sine");
  }
  bool isSwapped = getWave(summands[0].stored)->isSine;
  Summand &cosine = summands[isSwapped ? 1 : 0];
  Summand &sine = summands[isSwapped ? 0 : 1];
  auto [entry, isNew] = fits.try_emplace({cosine.stored, sine.stored});
  const StoredWave &wave = *getWave(cosine.stored);
  if (isNew) {
    entry->second = fitWaves(wave, *getWave(sine.stored));
  }
  if (!entry->second) {
    return fail("a stored table is not of cosines and sines of a position: " +
                cosine.stored.str() + ", " + sine.stored.str());
  }
  Expr angle = table.mul(table.cast(wave.position, ExprType::Float),
                         table.number(entry->second->frequency));
  cosine.wave = Summand::Wave::Cos;
  sine.wave = Summand::Wave::Sin;
  for (Summand *summand : {&cosine, &sine}) {
    summand->angle = angle;
    summand->factor *= entry->second->factor;
  }
  return true;
}

/// Reads factor·load·wave; the order of the factors does not matter.
bool HeadMatcher::parseProduct(Expr element, double factor,
                               Summand &summand) {
  summand.factor = factor;
  SmallVector<Expr> factors{element};
  if (element.is(ExprKind::Mul)) {
    factors = llvm::to_vector(element.getOperands());
  }
  for (Expr part : factors) {
    if (std::optional<double> value = part.getFloat()) {
      summand.factor *= *value;
    } else if (part.is(ExprKind::Load) && !summand.stored &&
               getWave(part)) {
      summand.stored = part;
    } else if (part.is(ExprKind::Load) && !summand.load) {
      summand.load = part;
    } else if (summand.wave == Summand::Wave::None &&
               (part.is(ExprKind::Cos) || part.is(ExprKind::Sin))) {
      summand.wave = part.is(ExprKind::Cos) ? Summand::Wave::Cos
                                            : Summand::Wave::Sin;
      summand.angle = part.getOperand(0);
    } else {
      return false;
    }
  }
  return static_cast<bool>(summand.load);
}

bool HeadMatcher::parse(Expr element, SmallVectorImpl<Summand> &summands) {
  double factor = 1;
  // A factor of the whole sum.
  if (element.is(ExprKind::Mul) && element.getOperands().size() == 2 &&
      element.getOperand(0).is(ExprKind::Add) &&
      element.getOperand(1).getFloat()) {
    factor = *element.getOperand(1).getFloat();
    element = element.getOperand(0);
  }
  SmallVector<Expr> parts{element};
  if (element.is(ExprKind::Add)) {
    parts = llvm::to_vector(element.getOperands());
  }
  for (Expr part : parts) {
    if (!parseProduct(part, factor, summands.emplace_back())) {
      return fail("an element is no channel of a projection, rotated or not: " +
                  element.str());
    }
  }
  return true;
}

/// The head that index `at` of an axis of positions and heads, S·n, is at the
/// position; nothing where it is at another one. Sets `heads.flatHeads` to n.
std::optional<int64_t> HeadMatcher::matchFlatHead(Expr at) {
  int64_t count = 0, head = 0;
  for (const ExprTerm &term : ExprTable::getTerms(at)) {
    if (term.atoms.empty()) {
      head = term.coefficient;
    } else if (term.atoms.size() == 1 && term.atoms[0] == position) {
      count = term.coefficient;
    } else {
      return std::nullopt;
    }
  }
  bool fits = head >= 0 && head < count &&
              (heads.flatHeads == 0 || heads.flatHeads == count);
  heads.flatHeads = fits ? count : heads.flatHeads;
  return fits ? std::optional<int64_t>(head) : std::nullopt;
}

/// The column of the source that `load` reads at (row, position).
bool HeadMatcher::matchColumn(Expr load, int64_t &column) {
  Value source = load.getSource();
  if (hasSource && source != heads.source) {
    return fail("channels come from different values");
  }
  heads.source = source;
  hasSource = true;
  ArrayRef<Expr> index = load.getOperands();
  size_t rank = index.size();
  bool fits = (rank == 3 || rank == 4) && index[0] == row;
  std::optional<int64_t> channel =
      fits ? index.back().getInteger() : std::nullopt;
  std::optional<int64_t> head;
  heads.headAxis = 0;
  if (fits && rank == 4) {
    heads.headAxis = index[1] == position ? 2 : 1;
    head = index[3 - heads.headAxis] == position
               ? index[heads.headAxis].getInteger()
               : std::nullopt;
  } else if (fits && index[1] == position) {
    head = 0;
  } else if (fits) {
    heads.headAxis = 2;
    head = matchFlatHead(index[1]);
  }
  if (!channel || !head || *channel < 0 || *head < 0) {
    return fail("channels are not those of the same row and position: " +
                load.str());
  }
  column = *head * heads.size + *channel;
  return heads.headAxis == 0 || *channel < heads.size ||
         fail("channels of a head come from another one");
}

//===----------------------------------------------------------------------===//
// Rotations
//===----------------------------------------------------------------------===//

/// angle = position·frequency.
bool HeadMatcher::matchAngle(Expr angle, Rotation &rotation,
                             double &frequency) {
  frequency = 1;
  if (angle.is(ExprKind::Mul) && angle.getOperands().size() == 2 &&
      angle.getOperand(1).getFloat()) {
    frequency = *angle.getOperand(1).getFloat();
    angle = angle.getOperand(0);
  }
  if (!angle.is(ExprKind::ToFloat)) {
    return fail("an angle is no position times a frequency: " + angle.str());
  }
  SmallVector<ExprTerm> terms = ExprTable::getTerms(angle.getOperand(0));
  if (terms.size() != 1 || terms[0].atoms.size() != 1) {
    return fail("an angle is no position times a frequency: " + angle.str());
  }
  frequency *= static_cast<double>(terms[0].coefficient);
  Expr at = terms[0].atoms[0];
  Value positions;
  if (at.is(ExprKind::Load)) {
    ArrayRef<Expr> index = at.getOperands();
    if (index.size() != 2 || index[1] != position ||
        (index[0] != row && index[0].getInteger() != 0)) {
      return fail("an angle is of another position: " + angle.str());
    }
    positions = at.getSource();
  } else if (at != position) {
    return fail("an angle is of another position: " + angle.str());
  }
  if (!rotation.frequencies.empty() && rotation.positions != positions) {
    return fail("angles are of different positions");
  }
  rotation.positions = positions;
  return true;
}

/// The two summands of a rotated channel: with the cosine and with the sine.
bool HeadMatcher::sortWaves(ArrayRef<Summand> summands, Summand &cosine,
                            Summand &sine) {
  using Wave = Summand::Wave;
  if (summands.size() != 2) {
    return fail("a rotated channel is a sum of " + Twine(summands.size()));
  }
  bool isSwapped = summands[0].wave == Wave::Sin;
  cosine = summands[isSwapped ? 1 : 0];
  sine = summands[isSwapped ? 0 : 1];
  return (cosine.wave == Wave::Cos && sine.wave == Wave::Sin &&
          cosine.angle == sine.angle) ||
         fail("a rotated channel is not of one cosine and one sine");
}

/// Channels `first` and `second` of a head are rotated by frequency `pair`.
bool HeadMatcher::matchPair(const Rotation &rotation, int64_t head,
                            int64_t first, int64_t second, int64_t pair) {
  Summand cosA, sinA, cosB, sinB;
  if (!sortWaves(at(head, first), cosA, sinA) ||
      !sortWaves(at(head, second), cosB, sinB)) {
    return false;
  }
  Rotation found;
  double frequencyA = 0, frequencyB = 0;
  if (!matchAngle(cosA.angle, found, frequencyA) ||
      !matchAngle(cosB.angle, found, frequencyB)) {
    return false;
  }
  bool isPair = sinA.load == cosB.load && sinB.load == cosA.load &&
                sinA.factor == -cosA.factor && sinB.factor == cosB.factor &&
                cosA.factor == cosB.factor && frequencyA == frequencyB &&
                frequencyA == rotation.frequencies[pair] &&
                cosA.factor == heads.factor * rotation.factor &&
                found.positions == rotation.positions;
  return (isPair || fail("channels are not rotated in pairs")) &&
         matchColumn(cosA.load,
                     heads.columns[head * heads.size + first]) &&
         matchColumn(cosB.load, heads.columns[head * heads.size + second]);
}

bool HeadMatcher::matchRotation(int64_t pairs, RopeStyle style) {
  Rotation rotation;
  rotation.style = style;
  auto place = [&](int64_t pair, int64_t part) {
    return style == RopeStyle::Half ? part * pairs + pair : 2 * pair + part;
  };
  for (int64_t pair = 0; pair < pairs; ++pair) {
    Summand cosine, sine;
    double frequency = 0;
    if (!sortWaves(at(0, place(pair, 0)), cosine, sine) ||
        !matchAngle(cosine.angle, rotation, frequency)) {
      return false;
    }
    rotation.frequencies.push_back(frequency);
    if (pair == 0 && !hasFactor) {
      heads.factor = cosine.factor;
    } else if (pair == 0) {
      rotation.factor = cosine.factor / heads.factor;
    }
  }
  for (int64_t head = 0; head < heads.count; ++head) {
    for (int64_t pair = 0; pair < pairs; ++pair) {
      if (!matchPair(rotation, head, place(pair, 0), place(pair, 1), pair)) {
        return false;
      }
    }
  }
  heads.rotation = rotation;
  return true;
}

//===----------------------------------------------------------------------===//
// Heads
//===----------------------------------------------------------------------===//

/// Channels that are not rotated, behind those that are.
bool HeadMatcher::matchPlain() {
  for (int64_t head = 0; head < heads.count; ++head) {
    for (int64_t d = 0; d < heads.size; ++d) {
      ArrayRef<Summand> summands = at(head, d);
      if (summands.size() != 1 || summands[0].wave != Summand::Wave::None) {
        continue;
      }
      if (hasFactor && summands[0].factor != heads.factor) {
        return fail("channels have different factors");
      }
      heads.factor = summands[0].factor;
      hasFactor = true;
      if (!matchColumn(summands[0].load,
                       heads.columns[head * heads.size + d])) {
        return false;
      }
    }
  }
  return true;
}

bool HeadMatcher::matchRotated() {
  int64_t rotated = 0;
  while (rotated < heads.size && at(0, rotated).size() == 2) {
    ++rotated;
  }
  for (int64_t head = 0; head < heads.count; ++head) {
    for (int64_t d = 0; d < heads.size; ++d) {
      if (at(head, d).size() != (d < rotated ? 2u : 1u)) {
        return fail("heads are rotated differently");
      }
    }
  }
  if (rotated == 0) {
    return true;
  }
  if (rotated % 2 != 0) {
    return fail("an odd number of channels is rotated");
  }
  Heads before = heads;
  if (matchRotation(rotated / 2, RopeStyle::Half)) {
    return true;
  }
  heads = before;
  return matchRotation(rotated / 2, RopeStyle::Interleaved);
}

std::optional<Heads> HeadMatcher::run(HeadElementFn getElement) {
  for (int64_t head = 0; head < heads.count; ++head) {
    for (int64_t d = 0; d < heads.size; ++d) {
      Expr element = getElement(head, d);
      if (!element) {
        why = "an element is not known";
        return std::nullopt;
      }
      if (!parse(element, at(head, d)) || !resolveStored(at(head, d))) {
        return std::nullopt;
      }
    }
  }
  if (!matchPlain() || !matchRotated()) {
    return std::nullopt;
  }
  return heads;
}

std::optional<Heads> qeff::matchHeads(Elements &elements, int64_t count,
                                      int64_t size, Expr row, Expr position,
                                      HeadElementFn getElement,
                                      std::string &why) {
  // No model has more; a file may say anything.
  constexpr int64_t kMaxChannels = 1 << 20;
  if (count < 1 || size < 1 || count > kMaxChannels ||
      size > kMaxChannels / count) {
    why = "heads of an unlikely size";
    return std::nullopt;
  }
  return HeadMatcher(elements, count, size, row, position, why).run(getElement);
}

void qeff::foldRepeatedHeads(Heads &heads, int64_t &repeat) {
  auto getHead = [&](int64_t head) {
    return ArrayRef(heads.columns).slice(head * heads.size, heads.size);
  };
  for (repeat = heads.count; repeat > 1; --repeat) {
    bool fits = heads.count % repeat == 0;
    for (int64_t head = 0; fits && head < heads.count; ++head) {
      fits = getHead(head) == getHead(head - head % repeat);
    }
    if (fits) {
      break;
    }
  }
  SmallVector<int64_t> columns;
  for (int64_t head = 0; head < heads.count; head += repeat) {
    llvm::append_range(columns, getHead(head));
  }
  heads.columns = std::move(columns);
  heads.count /= repeat;
}
