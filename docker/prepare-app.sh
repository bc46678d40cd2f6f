#!/usr/bin/env bash
# Lays the server out for an image: the program and its libraries as jars of their own, and the native libraries of one
# platform as files, so that nothing is unpacked when it runs.
#
#   prepare-app.sh JAR LIBRARIES amd64|arm64 cpu|cu128 FOLDER
#
# JAR is the program without libraries. Writes lib/ (libraries), app/ (the program) and native/ into FOLDER. With cu128,
# libtorch itself is not among the libraries and must be added to native/.
set -euo pipefail

jar=$(realpath "$1") libraries=$(realpath "$2") flavor=$4 target=$5
case $3 in
  amd64) platform=linux-x86_64 jna=linux-x86-64 jline=Linux/x86_64 gnu=x86_64-linux-gnu ;;
  arm64) platform=linux-aarch64 jna=linux-aarch64 jline=Linux/arm64 gnu=aarch64-linux-gnu ;;
  *) echo "There is no libtorch for $3: build for linux/amd64 or linux/arm64." >&2; exit 1 ;;
esac

mkdir -p "$target"
cd "$target"
mkdir app native
cp -a "$libraries" lib
cp -a "$jar" app/gpt2-server.jar

# Takes the native libraries out of a jar: those of this platform go to native/, others are dropped.
#   unpack JAR FILES-OF-THIS-PLATFORM ALL-FILES
unpack() {
  local file=$1 wanted=$2 all=$3 temporary found
  temporary=$(mktemp -d)
  (cd "$temporary" && jar --extract --file "$OLDPWD/$file")
  # The second argument is a pattern, too.
  # shellcheck disable=SC2206
  found=("$temporary"/$wanted)
  [[ -f ${found[0]} ]] || { echo "$file has no $wanted." >&2; exit 1; }
  cp -a "${found[@]}" native/
  # The last argument is a pattern.
  # shellcheck disable=SC2086
  rm -r "${temporary:?}"/$all
  jar --create --file "$temporary.jar" --manifest "$temporary/META-INF/MANIFEST.MF" -C "$temporary" .
  # The date of the original keeps the layer the same from build to build.
  touch -r "$file" "$temporary.jar"
  mv "$temporary.jar" "$file"
  rm -r "$temporary"
}

if [[ $flavor == cpu ]]; then
  torch=$(echo lib/pytorch-native-cpu-*-"$platform".jar)
  unpack "$torch" "pytorch/cpu/$platform/*" pytorch
  # DJL finds libtorch by PYTORCH_LIBRARY_PATH; this jar would describe libraries that are no longer in it.
  rm "$torch"
else
  rm -f lib/pytorch-native-cpu-*.jar
fi
unpack "$(echo lib/pytorch-jni-*.jar)" "jnilib/$platform/$flavor/*" 'jnilib/*-*'
unpack "$(echo lib/tokenizers-*.jar)" "native/lib/$platform/cpu/*" 'native/lib/*-*'
unpack "$(echo lib/jna-5*.jar)" "com/sun/jna/$jna/*" 'com/sun/jna/*-*'
unpack "$(echo lib/jline-native-*.jar)" "org/jline/nativ/$jline/*" 'org/jline/nativ/*/'
unpack app/gpt2-server.jar "kernels/*-$platform-*" kernels
# A name without the hash of its content, for the image's environment.
mv native/libgpt2kernels-"$platform"-*.so native/libgpt2kernels.so

# Strips libtorch's local symbols, a fifth of its size, which only debuggers read.
for library in native/*.so*; do
  date=$(stat -c %Y "$library")
  "$gnu-strip" --strip-unneeded "$library"
  touch -d "@$date" "$library"
done
chmod 644 native/*

# The program names its libraries, in lines of 72 bytes at the most.
(cd lib && printf 'lib/%s ' *.jar) | sed 's/^/Class-Path: /' | fold -w 70 | sed '2,$s/^/ /' >manifest
echo >>manifest
jar --update --file app/gpt2-server.jar --manifest manifest
rm manifest
